#include "src/sink/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/log.h"

namespace holdfast::sink {

namespace {

// Of the end that is read: a batch, and the line that made it full.
constexpr std::size_t kTailBytes = 2 * kBatchBytes;
constexpr std::uint64_t kFirstBackoffNs = 100'000'000;
constexpr std::uint64_t kLastBackoffNs = 10'000'000'000;
// After a rotation that failed: the file grows meanwhile.
constexpr std::uint64_t kRotateAgainNs = 60'000'000'000;

Status make_directories(const std::filesystem::path& directory) {
  if (directory.empty() || access(directory.c_str(), F_OK) == 0) {
    return Ok{};
  }
  TRY(make_directories(directory.parent_path()));
  if (mkdir(directory.c_str(), 0750) != 0 && errno != EEXIST) {
    return fail_errno("cannot make the directory " + directory.string(), errno);
  }
  return Ok{};
}

Result<std::size_t> write_some(int fd, std::string_view data, const std::string& path) {
  ssize_t put = 0;
  do {
    put = write(fd, data.data(), data.size());
  } while (put < 0 && errno == EINTR);
  if (put < 0) {
    return fail_errno("cannot write alerts to " + path, errno);
  }
  return static_cast<std::size_t>(put);
}

}  // namespace

Result<FileSink> FileSink::open(const std::string& path, const FileSettings& settings) {
  FileSink sink(path, settings);
  TRY(sink.open_file());
  sink.take_up();
  return sink;
}

Status FileSink::open_file() {
  TRY(make_directories(std::filesystem::path(path_).parent_path()));
  // Not blocking, for a pipe that nobody reads.
  fd_ = TRY(base::open_file(path_, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, 0640));
  ++openings_;
  return Ok{};
}

void FileSink::take_up() {
  tail_ = read_tail(end_of_file(path_, kTailBytes));
  if (tail_.torn_bytes != 0 && !take_back(tail_.torn_bytes)) {
    tail_.unfinished = true;
  }
  unfinished_ = tail_.unfinished;
  if (tail_.last_seq == 0) {
    tail_ = last_rotated(path_, kTailBytes);
  }
  next_seq_ = tail_.last_seq + 1;
}

void FileSink::add(const detect::Alert& alert) {
  lines_.push_back(writer_.add(batch_, alert, next_seq_++));
  has_alert_ = has_alert_ || alert.kind == "alert";
}

std::size_t FileSink::flush(std::uint64_t now_ns) {
  if (idle() || now_ns < retry_at_ns_) {
    return 0;
  }
  const Status written = write_batch(now_ns);
  if (written_ > 0) {
    sync();
  }
  if (written.ok()) {
    recovered();
  } else {
    failed(written.error(), now_ns);
  }
  return std::exchange(written_, 0);
}

Status FileSink::write_batch(std::uint64_t now_ns) {
  TRY(follow_rotation());
  make_room(now_ns);
  TRY(follow_rotation());
  if (unfinished_) {
    (void)TRY(write_some(fd_.get(), "\n", path_));
    unfinished_ = false;
  }
  const std::string_view batch(batch_.data(), batch_.size());
  return commit(TRY(write_some(fd_.get(), batch.substr(half_), path_)));
}

// Accounts for what of the batch is in the file now.
Status FileSink::commit(std::size_t written) {
  const std::size_t left = batch_.size() - half_ - written;
  std::size_t reached = half_ + written;
  std::size_t whole = 0;
  while (!lines_.empty() && whole + lines_.front() <= reached) {
    whole += lines_.front();
    lines_.pop_front();
    ++written_;
  }
  std::copy(batch_.begin() + whole, batch_.end(), batch_.begin());
  batch_.resize(batch_.size() - whole);
  reached -= whole;
  half_ = reached != 0 && take_back(reached) ? 0 : reached;
  if (left != 0) {
    return fail(
        fmt::format("cannot write alerts to {}: {} bytes of them were not taken; is the disk full?",
                    path_, left));
  }
  return Ok{};
}

Status FileSink::follow_rotation() {
  struct stat ours {};
  struct stat named {};
  const bool same = fd_.valid() && fstat(fd_.get(), &ours) == 0 &&
                    stat(path_.c_str(), &named) == 0 && ours.st_dev == named.st_dev &&
                    ours.st_ino == named.st_ino;
  if (same) {
    return Ok{};
  }
  half_ = 0;  // The new file gets the whole line.
  unfinished_ = false;
  return open_file();
}

// A half line stays with its rest.
void FileSink::make_room(std::uint64_t now_ns) {
  const std::int64_t real_ns = base::real_now_ns();
  if (half_ != 0 || unfinished_ || now_ns < rotate_not_before_ns_ ||
      !is_due(settings_.rotation, fd_.get(), batch_.size(), real_ns)) {
    return;
  }
  const Status rotated = rotate(path_, settings_.rotation.keep, real_ns);
  if (!rotated.ok()) {
    base::log(base::LogLevel::kError, rotated.error().message + "; it grows on");
    rotate_not_before_ns_ = now_ns + kRotateAgainNs;
  }
}

// The lines are in the file whatever comes of it: what cannot be flushed once, no second try can.
void FileSink::sync() {
  const bool wanted =
      settings_.sync == Sync::kAlways || (settings_.sync == Sync::kAlerts && has_alert_);
  has_alert_ = has_alert_ && !idle();  // What was not taken may have it.
  if (wanted && fdatasync(fd_.get()) != 0 && errno != EINVAL) {
    base::log(base::LogLevel::kError,
              fail_errno(fmt::format("cannot flush {} to its disk", path_), errno).message);
  }
}

// Cuts the half line at the end of the file, so that a reader never sees it. Needs no space on a
// full disk.
bool FileSink::take_back(std::size_t bytes) {
  struct stat status {};
  return fstat(fd_.get(), &status) == 0 && S_ISREG(status.st_mode) &&
         status.st_size >= static_cast<off_t>(bytes) &&
         ftruncate(fd_.get(), status.st_size - static_cast<off_t>(bytes)) == 0;
}

std::optional<std::uint64_t> FileSink::retry_at_ns() const {
  return idle() ? std::nullopt : std::optional(retry_at_ns_);
}

void FileSink::failed(const Error& error, std::uint64_t now_ns) {
  if (retry_at_ns_ == 0) {
    base::log(
        base::LogLevel::kError,
        fmt::format("{}; alerts wait in the kernel, as long as its ring has room", error.message));
  }
  backoff_ns_ = std::clamp(backoff_ns_ * 2, kFirstBackoffNs, kLastBackoffNs);
  retry_at_ns_ = now_ns + backoff_ns_;
}

void FileSink::recovered() {
  if (retry_at_ns_ != 0) {
    base::log(base::LogLevel::kNotice, fmt::format("alerts are written to {} again", path_));
  }
  retry_at_ns_ = 0;
  backoff_ns_ = 0;
}

}  // namespace holdfast::sink
