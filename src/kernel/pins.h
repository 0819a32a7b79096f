// Where programs and maps are pinned: PIN_DIR/v<abi>/, with a directory for each of the two.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <unistd.h>

namespace holdfast::kernel {

std::string version_directory(const std::string& pin_dir, unsigned version);
std::string maps_directory(const std::string& directory);
std::string links_directory(const std::string& directory);

// Versions that have a directory in `pin_dir`, by rising number.
std::vector<unsigned> pinned_versions(const std::string& pin_dir);

// Removes the files of `directory` whose name `wanted` picks.
template <typename Wanted>
void remove_files(const std::string& directory, Wanted wanted) {
  std::error_code error;
  std::vector<std::filesystem::path> gone;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    if (wanted(at->path().filename().string())) {
      gone.push_back(at->path());
    }
  }
  for (const std::filesystem::path& file : gone) {
    unlink(file.c_str());
  }
}

// Only what is empty: a mistaken PIN_DIR may hold somebody's files.
void remove_empty(const std::string& directory);

// Detaches: the last reference to a link is its pin.
void unpin_links(const std::string& directory);
// Maps as well, and the directory.
void unpin_all(const std::string& directory);

}  // namespace holdfast::kernel
