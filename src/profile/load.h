// Finding profiles and following `extends`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "src/base/result.h"
#include "src/profile/profile.h"

namespace holdfast::profile {

// Where profiles come from. The callbacks are the only way to the file system, so that everything
// else is the same code in tests and in fuzzers.
struct Source {
  std::vector<std::string> directories;  // absolute, in the order of search
  // Content of a file; none when there is no such file.
  std::function<Result<std::optional<std::string>>(const std::string& path)> read;
  // Names of the files of a directory, sorted; empty when there is no such directory.
  std::function<Result<std::vector<std::string>>(const std::string& directory)> list;
};

// The file system itself.
Source file_source(std::vector<std::string> directories);

// Profiles that may extend each other in one line.
inline constexpr std::size_t kMaxExtends = 8;

// The profile called `name`, or in the file `name` when that is an absolute path (which must then
// lie in or below one of the directories), with everything it extends merged in: a key of the child
// takes the place of the parent's, inside objects too; an array replaces an array. `name` and
// `match` are never inherited.
Result<Profile> load_profile(const Source& source, const std::string& name);

// One file of a line of profiles that extend each other.
struct Layer {
  std::string path;
  nlohmann::json content;
};

// The files that load_profile() would merge, the profile's own first.
Result<std::vector<Layer>> load_layers(const Source& source, const std::string& name);

// What they say together. In the result each key comes from the first of `layers` that has it.
nlohmann::json merge_layers(const std::vector<Layer>& layers);

// The first profile, in order of directories and then of names, with a glob that matches `image`.
// One whose `match` cannot be read is an error: it may be the one that was meant for this image.
Result<std::optional<Profile>> match_profile(const Source& source, const std::string& image);

// Names of all profiles, sorted; one that an earlier directory has hides those of later ones.
Result<std::vector<std::string>> profile_names(const Source& source);

// Their files, in the order in which images are matched.
Result<std::vector<std::string>> profile_paths(const Source& source);

// What a single profile, of the file `path`, must fulfil among the others: that it is called like
// its file, and that what it extends is there and ends.
Status check_name(const std::string& path, const Profile& profile);
Status check_extends(const Source& source, const std::string& path, const Profile& profile);

}  // namespace holdfast::profile
