// Profiles as the command line names them.
#pragma once

#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/oci/spec.h"
#include "src/profile/config.h"
#include "src/profile/load.h"

namespace holdfast::cli {

// Where the profile in the file `path` and what it extends are looked for: its own directory first,
// for profiles in a checkout extend each other and not the installed ones.
profile::Source source_beside(const profile::Config& config, const std::string& path);

// A profile to work on.
struct ProfilePlace {
  std::string path;  // absolute
  std::string name;
  profile::Source source;  // where it and what it extends are looked for
};

// `given` is a file (it ends in .json or has a slash), whose own directory is searched first, or
// the name of an installed profile.
Result<ProfilePlace> find_profile(const profile::Config& config, const std::string& given);

// The same for each of `given`; a directory stands for all profiles in it, and nothing for all that
// are installed.
Result<std::vector<ProfilePlace>> find_profiles(const profile::Config& config,
                                                const std::vector<std::string>& given);

// config.json at `path`; that of an ordinary container where `path` is empty.
Result<oci::Spec> spec_at(const std::string& path);

}  // namespace holdfast::cli
