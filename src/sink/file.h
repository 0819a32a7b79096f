// Alerts as JSON lines in a file. Nothing is lost: what cannot be written waits here, and what
// comes after it waits where it comes from.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "src/base/result.h"
#include "src/base/unique_fd.h"
#include "src/detect/alert.h"
#include "src/sink/json.h"
#include "src/sink/rotation.h"
#include "src/sink/tail.h"

namespace holdfast::sink {

inline constexpr const char* kDefaultAlertPath = "/var/log/holdfast/alerts.jsonl";

// One write: large enough that a flood costs few calls, small enough to hold on the way.
inline constexpr std::size_t kBatchBytes = std::size_t{256} << 10;

// After which batches the file is flushed to its disk (fdatasync(2)), before anything else is done:
// none, those with an alert, all. Without it a power failure may take what the kernel had not
// written back; a monitor that is killed loses nothing either way.
enum class Sync { kNever, kAlerts, kAlways };

struct FileSettings {
  Rotation rotation;
  Sync sync = Sync::kNever;
};

// Appends whole lines, one write(2) a batch, numbered without a gap. Single-threaded; the only
// writer of its file. A file that was renamed or removed (logrotate) is opened anew at the next
// flush, which also rotates a file that is due.
class FileSink {
 public:
  // Makes the directory (0750) and the file (0640) where they are not there. Goes on with the
  // numbers of a former writer, and cuts off the half line that it left: whoever sent that line
  // still has it.
  static Result<FileSink> open(const std::string& path, const FileSettings& settings = {});

  // From the next flush on.
  void set(const FileSettings& settings) { settings_ = settings; }

  // What the former writer wrote last, one batch at least.
  [[nodiscard]] const Tail& tail() const { return tail_; }

  // Bytes that the batch still takes; 0: flush() before the next add().
  [[nodiscard]] std::size_t room() const {
    return kBatchBytes - std::min(batch_.size(), kBatchBytes);
  }

  // Whether the batch has outgrown that by half: what comes on top of events has no room either. A
  // reader of the tail sees a whole batch all the same.
  [[nodiscard]] bool is_crowded() const { return batch_.size() > kBatchBytes / 2 * 3; }

  // Adds a line to the batch.
  void add(const detect::Alert& alert);

  // Writes the batch, unless an earlier failure says to wait until retry_at_ns(). Returns how many
  // lines are in the file that were not before, in the order they were added; the others stay in
  // the batch. `now_ns`: base::boot_now_ns().
  std::size_t flush(std::uint64_t now_ns);

  // When flush() wants to be called again; nothing while all is written.
  [[nodiscard]] std::optional<std::uint64_t> retry_at_ns() const;

  // Lines of the batch, and the number of the last one that is in the file.
  [[nodiscard]] std::size_t waiting() const { return lines_.size(); }
  [[nodiscard]] std::uint64_t last_seq() const { return next_seq_ - 1 - lines_.size(); }

  [[nodiscard]] bool idle() const { return lines_.empty(); }

  // How often the file was opened: again where another has its name now.
  [[nodiscard]] std::uint64_t openings() const { return openings_; }

 private:
  FileSink(std::string path, const FileSettings& settings)
      : path_(std::move(path)), settings_(settings) {}
  Status open_file();
  void take_up();
  Status follow_rotation();
  void make_room(std::uint64_t now_ns);
  Status write_batch(std::uint64_t now_ns);
  void sync();
  Status commit(std::size_t written);
  bool take_back(std::size_t bytes);
  void failed(const Error& error, std::uint64_t now_ns);
  void recovered();

  std::string path_;
  FileSettings settings_;
  base::UniqueFd fd_;
  Tail tail_;
  LineWriter writer_;
  Text batch_;
  std::deque<std::size_t> lines_;  // lengths of those in batch_
  std::size_t half_ = 0;           // bytes of the first that are in the file and stay there
  std::size_t written_ = 0;        // lines, in this flush
  std::uint64_t next_seq_ = 1;
  std::uint64_t openings_ = 0;
  bool has_alert_ = false;   // in the batch, or was when it was written in part
  bool unfinished_ = false;  // the file ends within somebody else's line
  std::uint64_t rotate_not_before_ns_ = 0;
  std::uint64_t retry_at_ns_ = 0;  // 0: the last flush went well
  std::uint64_t backoff_ns_ = 0;
};

}  // namespace holdfast::sink
