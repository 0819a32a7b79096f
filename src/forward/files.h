// The alert file and those that were renamed when it was rotated.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/base/unique_fd.h"

namespace holdfast::forward {

// One of them, open. Reads whole lines one after the other.
class LogFile {
 public:
  // None where there is no such regular file.
  static Result<std::optional<LogFile>> open(const std::string& path);

  // Goes on at `offset`.
  void seek(std::uint64_t offset);

  // The next line, without its line feed; none at the end, also before a half line. A line of more
  // than a megabyte is none of ours and passed over.
  Result<std::optional<std::string>> next();

  // Where the line that next() returned ends.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  [[nodiscard]] std::uint64_t device() const { return device_; }
  [[nodiscard]] std::uint64_t inode() const { return inode_; }
  [[nodiscard]] std::uint64_t size() const;

  // Whether there is more to read than at the last look. For next() to return.
  Result<bool> read_more();

 private:
  LogFile(base::UniqueFd fd, std::string path, std::uint64_t device, std::uint64_t inode)
      : fd_(std::move(fd)), path_(std::move(path)), device_(device), inode_(inode) {}

  base::UniqueFd fd_;
  std::string path_;
  std::uint64_t device_;
  std::uint64_t inode_;
  std::uint64_t offset_ = 0;  // of what begins at begin_ in buffer_
  std::string buffer_;
  std::size_t begin_ = 0;
  bool skipping_ = false;
};

struct Candidate {
  std::string path;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t changed_ns = 0;
  std::uint64_t first_seq = 0;  // 0: it is empty
};

// The file at `path` and those beside it that have its name and more, the oldest first, the file
// itself last. Those that have no line of ours at their beginning (compressed ones) are left out.
Result<std::vector<Candidate>> log_files(const std::string& path);

}  // namespace holdfast::forward
