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

#include "src/base/file.h"
#include "src/base/log.h"
#include "src/sink/json.h"

namespace holdfast::sink {

namespace {

// One write: large enough that a flood costs few calls, small enough to hold on the way.
constexpr std::size_t kBatchBytes = std::size_t{256} << 10;
constexpr std::uint64_t kFirstBackoffNs = 100'000'000;
constexpr std::uint64_t kLastBackoffNs = 10'000'000'000;

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

// A monitor that was killed in the middle of a write left half a line; ours must not continue it.
Status end_last_line(int fd, const std::string& path) {
  const base::UniqueFd reader = TRY(base::open_file(path, O_RDONLY));
  struct stat status {};
  char last = '\n';
  if (fstat(reader.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 &&
      pread(reader.get(), &last, 1, status.st_size - 1) == 1 && last != '\n') {
    TRY(write_some(fd, "\n", path));
  }
  return Ok{};
}

}  // namespace

Result<FileSink> FileSink::open(const FileOptions& options) {
  FileSink sink(options);
  TRY(make_directories(std::filesystem::path(options.path).parent_path()));
  TRY(sink.open_file());
  // On a full disk the line feed fails; the half line is then ended by the first line that is
  // written.
  const Status ended = end_last_line(sink.fd_.get(), options.path);
  if (!ended.ok()) {
    base::log(base::LogLevel::kWarning, ended.error().message);
    sink.half_ = HalfLine{"\n", 0};
  }
  return sink;
}

Status FileSink::open_file() {
  fd_ = TRY(base::open_file(options_.path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY, 0640));
  return Ok{};
}

void FileSink::add(const detect::Alert& alert) {
  std::string object = to_json(alert);
  if (queue_bytes_ + object.size() > options_.max_queue_bytes) {
    ++dropped_;
    return;
  }
  queue_bytes_ += object.size();
  queue_.push_back(std::move(object));
}

void FileSink::flush(std::uint64_t now_ns) {
  if (idle() || now_ns < retry_at_ns_) {
    return;
  }
  const Status written = write_queue();
  if (written.ok()) {
    recovered();
  } else {
    failed(written.error(), now_ns);
  }
}

Status FileSink::write_queue() {
  TRY(follow_rotation());
  TRY(finish_half_line());
  while (!queue_.empty()) {
    TRY(write_batch());
  }
  return Ok{};
}

Status FileSink::follow_rotation() {
  struct stat ours {};
  struct stat named {};
  const bool same = fd_.valid() && fstat(fd_.get(), &ours) == 0 &&
                    stat(options_.path.c_str(), &named) == 0 && ours.st_dev == named.st_dev &&
                    ours.st_ino == named.st_ino;
  if (same) {
    return Ok{};
  }
  if (half_) {
    half_->written = 0;  // The new file gets the whole line.
  }
  return open_file();
}

Status FileSink::finish_half_line() {
  while (half_) {
    const std::string_view rest = std::string_view(half_->line).substr(half_->written);
    half_->written += TRY(write_some(fd_.get(), rest, options_.path));
    if (half_->written == half_->line.size()) {
      half_.reset();
    }
  }
  return Ok{};
}

Status FileSink::write_batch() {
  std::string batch;
  std::uint64_t seq = next_seq_;
  for (const std::string& object : queue_) {
    if (!batch.empty() && batch.size() + object.size() > kBatchBytes) {
      break;
    }
    batch += to_line(object, seq++);
  }
  const std::size_t written = TRY(write_some(fd_.get(), batch, options_.path));
  return commit(batch, written);
}

Status FileSink::commit(const std::string& batch, std::size_t written) {
  std::size_t begin = 0;
  while (begin < written) {
    const std::size_t next = batch.find('\n', begin) + 1;
    if (next > written && take_back(written - begin)) {
      break;
    }
    if (next > written) {
      half_ = HalfLine{batch.substr(begin, next - begin), written - begin};
    }
    queue_bytes_ -= queue_.front().size();
    queue_.pop_front();
    ++next_seq_;
    begin = next;
  }
  if (written < batch.size()) {
    return fail(
        fmt::format("cannot write alerts to {}: only {} of {} bytes were taken; is the disk full?",
                    options_.path, written, batch.size()));
  }
  return Ok{};
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

std::uint64_t FileSink::take_dropped() { return failing() ? 0 : std::exchange(dropped_, 0); }

void FileSink::failed(const Error& error, std::uint64_t now_ns) {
  if (retry_at_ns_ == 0) {
    base::log(base::LogLevel::kError,
              fmt::format("{}; alerts wait in memory, at most {} bytes of them", error.message,
                          options_.max_queue_bytes));
  }
  backoff_ns_ = std::clamp(backoff_ns_ * 2, kFirstBackoffNs, kLastBackoffNs);
  retry_at_ns_ = now_ns + backoff_ns_;
}

void FileSink::recovered() {
  if (retry_at_ns_ != 0) {
    base::log(base::LogLevel::kNotice,
              fmt::format("alerts are written to {} again", options_.path));
  }
  retry_at_ns_ = 0;
  backoff_ns_ = 0;
}

}  // namespace holdfast::sink
