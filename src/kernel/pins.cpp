#include "src/kernel/pins.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include <fmt/core.h>

namespace holdfast::kernel {
namespace {

namespace fs = std::filesystem;

bool any(const std::string&) { return true; }

// Of "v3".
std::optional<unsigned> version_of(std::string_view name) {
  if (!name.starts_with('v')) {
    return std::nullopt;
  }
  name.remove_prefix(1);
  unsigned version = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  const bool whole = error == std::errc() && end == name.data() + name.size();
  return whole ? std::optional(version) : std::nullopt;
}

}  // namespace

std::string version_directory(const std::string& pin_dir, unsigned version) {
  return fmt::format("{}/v{}", pin_dir, version);
}

std::string maps_directory(const std::string& directory) { return directory + "/maps"; }
std::string links_directory(const std::string& directory) { return directory + "/links"; }

std::vector<unsigned> pinned_versions(const std::string& pin_dir) {
  std::vector<unsigned> versions;
  std::error_code error;
  for (fs::directory_iterator at(pin_dir, error), end; !error && at != end; at.increment(error)) {
    if (const auto version = version_of(at->path().filename().string())) {
      versions.push_back(*version);
    }
  }
  std::ranges::sort(versions);
  return versions;
}

void remove_empty(const std::string& directory) {
  rmdir(maps_directory(directory).c_str());
  rmdir(links_directory(directory).c_str());
  rmdir(directory.c_str());
}

void unpin_links(const std::string& directory) { remove_files(links_directory(directory), any); }

void unpin_all(const std::string& directory) {
  unpin_links(directory);
  remove_files(maps_directory(directory), any);
  remove_empty(directory);
}

}  // namespace holdfast::kernel
