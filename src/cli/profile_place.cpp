#include "src/cli/profile_place.h"

#include <filesystem>
#include <system_error>

#include <fmt/core.h>

#include "src/base/file.h"
#include "src/replay/suite.h"

namespace holdfast::cli {

namespace {

namespace fs = std::filesystem;

bool is_file_name(const std::string& given) {
  return given.find('/') != std::string::npos || given.ends_with(".json");
}

Result<fs::path> absolute(const std::string& given) {
  std::error_code error;
  const fs::path path = fs::absolute(given, error);
  if (error) {
    return fail_errno("cannot find " + given, error.value());
  }
  return path.lexically_normal();
}

ProfilePlace place_of(const profile::Config& config, const fs::path& path) {
  return {path.string(), path.stem().string(), source_beside(config, path.string())};
}

Result<std::vector<ProfilePlace>> installed(const profile::Config& config,
                                            const std::vector<std::string>& directories) {
  std::vector<ProfilePlace> places;
  for (const std::string& path : TRY(profile::profile_paths(profile::file_source(directories)))) {
    places.push_back(place_of(config, path));
  }
  return places;
}

Result<ProfilePlace> find_installed(const profile::Config& config, const std::string& name) {
  for (ProfilePlace& place : TRY(installed(config, profile::profile_directories(config)))) {
    if (place.name == name) {
      return std::move(place);
    }
  }
  // The error of the search itself names what there is.
  const auto none =
      profile::load_profile(profile::file_source(profile::profile_directories(config)), name);
  return none.ok() ? fail("there is no profile " + name) : none.error();
}

}  // namespace

profile::Source source_beside(const profile::Config& config, const std::string& path) {
  const std::string own = fs::path(path).parent_path().string();
  std::vector<std::string> directories = {own};
  for (const std::string& other : profile::profile_directories(config)) {
    if (other != own) {
      directories.push_back(other);
    }
  }
  return profile::file_source(std::move(directories));
}

Result<ProfilePlace> find_profile(const profile::Config& config, const std::string& given) {
  if (!is_file_name(given)) {
    return find_installed(config, given);
  }
  const fs::path path = TRY(absolute(given));
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return fail(
        fmt::format("there is no file {}; give a profile's file, or the name of an installed "
                    "one",
                    path.string()));
  }
  return place_of(config, path);
}

Result<std::vector<ProfilePlace>> find_profiles(const profile::Config& config,
                                                const std::vector<std::string>& given) {
  if (given.empty()) {
    return installed(config, profile::profile_directories(config));
  }
  std::vector<ProfilePlace> places;
  for (const std::string& one : given) {
    std::error_code error;
    if (fs::is_directory(one, error)) {
      const fs::path directory = TRY(absolute(one + "/x"));
      for (ProfilePlace& place : TRY(installed(config, {directory.parent_path().string()}))) {
        places.push_back(std::move(place));
      }
    } else {
      places.push_back(TRY(find_profile(config, one)));
    }
  }
  return places;
}

Result<oci::Spec> spec_at(const std::string& path) {
  if (path.empty()) {
    return replay::ordinary_spec();
  }
  const std::string bytes = TRY(base::read_file(path, oci::kSpecLimits.max_bytes));
  return oci::parse_spec(bytes, path);
}

}  // namespace holdfast::cli
