// The only system calls of this folder, but for host.cpp and user.cpp: reading profiles, listing
// their directories, holdfast.json.
#include "src/profile/load.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "src/base/file.h"
#include "src/base/path.h"
#include "src/base/quote.h"
#include "src/profile/config.h"
#include "src/profile/user.h"

namespace holdfast::profile {
namespace {

using nlohmann::json;

constexpr std::string_view kSuffix = ".json";

struct Document {
  std::string path;
  json content;
  Profile profile;
};

Result<std::optional<std::string>> read_if_there(const std::string& path, std::size_t max_bytes) {
  // O_NONBLOCK: a FIFO in the place of a profile must not stop a container's start.
  const base::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid() && (errno == ENOENT || errno == ENOTDIR)) {
    return std::optional<std::string>();
  }
  if (!fd.valid()) {
    return fail_errno("cannot open " + path, errno);
  }
  return std::optional(TRY(base::read_all(fd.get(), max_bytes, path)));
}

Result<std::vector<std::string>> list_if_there(const std::string& directory) {
  struct Close {
    void operator()(DIR* dir) const { closedir(dir); }
  };
  const std::unique_ptr<DIR, Close> dir(opendir(directory.c_str()));
  std::vector<std::string> names;
  if (!dir && (errno == ENOENT || errno == ENOTDIR)) {
    return names;
  }
  if (!dir) {
    return fail_errno("cannot list " + directory, errno);
  }
  errno = 0;
  while (const dirent* entry = readdir(dir.get())) {
    names.emplace_back(entry->d_name);
  }
  if (errno != 0) {
    return fail_errno("cannot list " + directory, errno);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string stem_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string file = slash == std::string::npos ? path : path.substr(slash + 1);
  return file.ends_with(kSuffix) ? file.substr(0, file.size() - kSuffix.size()) : file;
}

Result<Document> decode_document(const std::string& path, json content) {
  Document document{path, std::move(content), {}};
  Decoded decoded = decode(document.content, path);
  if (!decoded.problems.empty()) {
    return decoded.problems.front();
  }
  document.profile = std::move(decoded.profile);
  TRY(check_name(path, document.profile));
  return document;
}

Error not_found(const Source& source, const std::string& name) {
  const Result<std::vector<std::string>> names = profile_names(source);
  const std::vector<std::string> known = names.ok() ? names.value() : std::vector<std::string>();
  return fail(fmt::format(
      "there is no profile \"{}\"; looked for {}.json in {}; known: {}; put it into one of these "
      "directories, or add its own to profiles.path in {}",
      name, name, fmt::join(source.directories, ", "),
      known.empty() ? "none" : base::shown(fmt::format("{}", fmt::join(known, ", "))),
      kConfigPath));
}

Result<json> read_content(const Source& source, const std::string& path) {
  const auto holds = [&](const std::string& directory) {
    return path != directory && base::is_at_or_below(path, directory);
  };
  if (!base::is_absolute_clean(path) ||
      std::none_of(source.directories.begin(), source.directories.end(), holds)) {
    return fail(fmt::format(
        "profile {} does not lie below a profile directory ({}); install it in one, or add its "
        "directory to profiles.path in {}",
        base::shown(path), fmt::join(source.directories, ", "), kConfigPath));
  }
  const std::optional<std::string> bytes = TRY(source.read(path));
  if (!bytes) {
    return fail(
        fmt::format("there is no profile {}; install it or correct the path", base::shown(path)));
  }
  return base::parse_json(*bytes, path, kProfileLimits);
}

Result<Document> find_by_path(const Source& source, const std::string& path) {
  return decode_document(path, TRY(read_content(source, path)));
}

Result<Document> find_document(const Source& source, const std::string& name) {
  if (name.starts_with('/')) {
    return find_by_path(source, name);
  }
  if (!valid_name(name)) {
    return fail(
        fmt::format("\"{}\" is not a profile's name; use a-z, 0-9, '.', '_' and '-', beginning "
                    "with a letter or "
                    "a digit",
                    base::shown(name)));
  }
  for (const std::string& directory : source.directories) {
    const std::string path = fmt::format("{}/{}{}", directory, name, kSuffix);
    const std::optional<std::string> bytes = TRY(source.read(path));
    if (bytes) {
      return decode_document(path, TRY(base::parse_json(*bytes, path, kProfileLimits)));
    }
  }
  return not_found(source, name);
}

// `document` and what it extends, the child first.
Result<std::vector<Document>> follow(const Source& source, Document document) {
  std::vector<Document> line;
  std::set<std::string> names;
  line.push_back(std::move(document));
  names.insert(line.back().profile.name);
  while (!line.back().profile.extends.empty()) {
    const std::string parent = line.back().profile.extends;
    const auto wrong = [&](const std::string& sentence) {
      return fail(fmt::format("{}: /extends: {}", line.back().path, sentence));
    };
    if (!names.insert(parent).second) {
      return wrong(
          fmt::format("\"{}\" extends itself in a circle; remove one \"extends\"", parent));
    }
    if (line.size() > kMaxExtends) {
      return wrong(
          fmt::format("more than {} profiles extend each other; shorten the chain", kMaxExtends));
    }
    Result<Document> found = find_document(source, parent);
    if (!found.ok()) {
      return wrong(found.error().message);
    }
    line.push_back(std::move(found).value());
  }
  return line;
}

void merge_into(json& base, const json& over) {
  for (const auto& [key, value] : over.items()) {
    if (value.is_object() && base.contains(key) && base[key].is_object()) {
      merge_into(base[key], value);
    } else {
      base[key] = value;
    }
  }
}

std::vector<Layer> layers_of(std::vector<Document> line) {
  std::vector<Layer> layers;
  for (Document& document : line) {
    layers.push_back({std::move(document.path), std::move(document.content)});
  }
  return layers;
}

Result<Profile> merge(std::vector<Document> line) {
  const std::vector<Layer> layers = layers_of(std::move(line));
  Decoded decoded = decode(merge_layers(layers), layers.front().path);
  if (!decoded.problems.empty()) {
    return decoded.problems.front();
  }
  return std::move(decoded.profile);
}

bool fits(const std::vector<std::string>& globs, const std::string& image) {
  return std::ranges::any_of(
      globs, [&](const std::string& glob) { return base::glob_match(glob, image); });
}

}  // namespace

Source file_source(std::vector<std::string> directories) {
  return Source{
      std::move(directories),
      [](const std::string& path) { return read_if_there(path, kProfileLimits.max_bytes); },
      list_if_there};
}

Result<Profile> load_profile(const Source& source, const std::string& name) {
  Document document = TRY(find_document(source, name));
  std::vector<Document> line = TRY(follow(source, std::move(document)));
  return merge(std::move(line));
}

Result<std::vector<Layer>> load_layers(const Source& source, const std::string& name) {
  Document document = TRY(find_document(source, name));
  std::vector<Document> line = TRY(follow(source, std::move(document)));
  return layers_of(std::move(line));
}

json merge_layers(const std::vector<Layer>& layers) {
  json merged = json::object();
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    merged.erase("match");
    merged.erase("extends");
    merge_into(merged, layer->content);
  }
  return merged;
}

Result<std::optional<Profile>> match_profile(const Source& source, const std::string& image) {
  if (image.empty()) {
    return std::optional<Profile>();
  }
  for (const std::string& path : TRY(profile_paths(source))) {
    json content = TRY(read_content(source, path));
    const std::vector<std::string> images = TRY(match_images(content, path));
    if (fits(images, image)) {
      Document document = TRY(decode_document(path, std::move(content)));
      std::vector<Document> line = TRY(follow(source, std::move(document)));
      return std::optional(TRY(merge(std::move(line))));
    }
  }
  return std::optional<Profile>();
}

Result<std::vector<std::string>> profile_paths(const Source& source) {
  std::vector<std::string> paths;
  std::set<std::string> seen;
  for (const std::string& directory : source.directories) {
    for (const std::string& file : TRY(source.list(directory))) {
      if (file.ends_with(kSuffix) && valid_name(stem_of(file)) && seen.insert(file).second) {
        paths.push_back(directory + "/" + file);
      }
    }
  }
  return paths;
}

Result<std::vector<std::string>> profile_names(const Source& source) {
  std::vector<std::string> names;
  for (const std::string& path : TRY(profile_paths(source))) {
    names.push_back(stem_of(path));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Status check_name(const std::string& path, const Profile& profile) {
  const std::string name = stem_of(path);
  if (profile.name == name) {
    return Ok{};
  }
  return fail(
      fmt::format("{}: /name: \"{}\" is not the file's name; write \"{}\" or rename the file", path,
                  profile.name, name));
}

Status check_extends(const Source& source, const std::string& path, const Profile& profile) {
  TRY(follow(source, Document{path, {}, profile}));
  return Ok{};
}

Result<Config> load_config(const std::string& path) {
  const std::optional<std::string> bytes = TRY(read_if_there(path, kConfigLimits.max_bytes));
  Config config = bytes ? TRY(parse_config(*bytes, path)) : Config{};
  config.user_profiles = own_profiles_directory();
  return config;
}

}  // namespace holdfast::profile
