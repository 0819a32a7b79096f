// The files of a system: the running one's, or those below a directory that becomes one (an image).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/base/unique_fd.h"

namespace holdfast::engine {

// Paths are absolute, and those of the system: links and ".." never lead out of the directory
// (openat2(2), RESOLVE_IN_ROOT).
class Tree {
 public:
  // Ends the names of files that a killed holdfast left.
  static constexpr const char* kTemporary = ".holdfast-tmp";

  static Result<Tree> open(const std::string& directory);

  // Whether the directory is the running system's root, however it was spelled.
  [[nodiscard]] bool is_system() const;

  // The content of a file; none when it is not there. What is no regular file is refused, links
  // too: whoever put one there manages the file elsewhere.
  [[nodiscard]] Result<std::optional<std::string>> read(const std::string& path) const;

  // The same for what is only read: links count, and a directory is no file.
  [[nodiscard]] Result<std::optional<std::string>> read_through(const std::string& path) const;

  // Replaces a file by a new one with its mode and owner (no ACL, no other attribute), or makes it
  // (0644, or as the file `like`) and its directories (0755). It is on the
  // disk when this returns.
  [[nodiscard]] Status write(const std::string& path, const std::string& text,
                             const std::string& like = "") const;
  [[nodiscard]] Status remove(const std::string& path) const;

  // Names of the files in a directory, sorted; none when it is not there.
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& directory) const;

  // Whether this is a program that can be executed. Links count.
  [[nodiscard]] bool has_program(const std::string& path) const;

  // Makes the directory and locks it, until the descriptor is closed. Another's lock is waited for
  // ten seconds.
  [[nodiscard]] Result<base::UniqueFd> lock(const std::string& directory) const;

  // Refuses what another user than root could exchange: the file `path` or a directory above it
  // that belongs to somebody else or can be written by others.
  [[nodiscard]] Status must_be_roots(const std::string& path) const;
  // The same of the directory that `path` is in, or would be made in.
  [[nodiscard]] Status folder_must_be_roots(const std::string& path) const;

 private:
  explicit Tree(base::UniqueFd root) : root_(std::move(root)) {}

  [[nodiscard]] base::UniqueFd open_in_root(const std::string& path, int flags) const;
  [[nodiscard]] Status check_chain(const std::string& path) const;
  [[nodiscard]] Result<base::UniqueFd> make_folder(const std::string& path) const;

  base::UniqueFd root_;
};

}  // namespace holdfast::engine
