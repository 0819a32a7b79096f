// Alerts as JSON lines in a file. Nothing is lost silently: what cannot be written waits, what
// cannot wait is counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "src/base/result.h"
#include "src/base/unique_fd.h"
#include "src/detect/alert.h"

namespace holdfast::sink {

inline constexpr const char* kDefaultAlertPath = "/var/log/holdfast/alerts.jsonl";

struct FileOptions {
  std::string path = kDefaultAlertPath;
  std::size_t max_queue_bytes = std::size_t{4} << 20;  // alerts that wait for a full disk
};

// Appends whole lines, one write(2) a batch, numbered without a gap from 1. Single-threaded; the
// only writer of its file. A file that was renamed or removed (logrotate) is opened anew at the
// next flush.
class FileSink {
 public:
  // Makes the directory (0750) and the file (0640) where they are not there. A half line that a
  // former writer left is ended with a line feed.
  static Result<FileSink> open(const FileOptions& options);

  // Queues an alert; drops and counts it when the queue is full.
  void add(const detect::Alert& alert);

  // Writes what waits, unless an earlier failure says to wait until retry_at_ns(). `now_ns`:
  // base::boot_now_ns().
  void flush(std::uint64_t now_ns);

  // When flush() wants to be called again; nothing while all is written.
  [[nodiscard]] std::optional<std::uint64_t> retry_at_ns() const;

  // Whether the last flush could not write all.
  [[nodiscard]] bool failing() const { return retry_at_ns_ != 0; }

  // Alerts dropped and not yet told. Zero as long as writing fails: the telling would be dropped
  // too.
  std::uint64_t take_dropped();

  [[nodiscard]] bool idle() const { return queue_.empty() && !half_; }

 private:
  // A line whose beginning is in the file and could not be taken back.
  struct HalfLine {
    std::string line;
    std::size_t written = 0;
  };

  explicit FileSink(FileOptions options) : options_(std::move(options)) {}
  Status open_file();
  Status follow_rotation();
  Status write_queue();
  Status write_batch();
  Status finish_half_line();
  // Accounts for the first `written` bytes of `batch`, which begins with the queue's first line.
  Status commit(const std::string& batch, std::size_t written);
  bool take_back(std::size_t bytes);
  void failed(const Error& error, std::uint64_t now_ns);
  void recovered();

  FileOptions options_;
  base::UniqueFd fd_;
  std::deque<std::string> queue_;  // objects without "seq": that is given as they are written
  std::size_t queue_bytes_ = 0;
  std::optional<HalfLine> half_;
  std::uint64_t next_seq_ = 1;
  std::uint64_t dropped_ = 0;
  std::uint64_t retry_at_ns_ = 0;  // 0: the last flush went well
  std::uint64_t backoff_ns_ = 0;
};

}  // namespace holdfast::sink
