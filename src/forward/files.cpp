#include "src/forward/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <tuple>
#include <utility>

#include "src/forward/line.h"
#include "src/sink/tail.h"

namespace holdfast::forward {

namespace {

constexpr std::size_t kChunkBytes = std::size_t{256} << 10;
constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;
constexpr int kMaxForeignLines = 64;
constexpr std::int64_t kSecondNs = 1'000'000'000;

Result<std::optional<Candidate>> look_at(const std::string& path) {
  auto file = TRY(LogFile::open(path));
  struct stat status {};
  if (!file || stat(path.c_str(), &status) != 0) {
    return std::optional<Candidate>{};
  }
  Candidate candidate;
  candidate.path = path;
  candidate.device = file->device();
  candidate.inode = file->inode();
  candidate.changed_ns = status.st_mtim.tv_sec * kSecondNs + status.st_mtim.tv_nsec;
  // Ours may follow what somebody else left.
  for (int i = 0; i < kMaxForeignLines && candidate.first_seq == 0; ++i) {
    const auto line = TRY(file->next());
    if (!line) {
      break;
    }
    candidate.first_seq = seq_of(*line).value_or(0);
  }
  return std::optional(candidate);
}

}  // namespace

Result<std::optional<LogFile>> LogFile::open(const std::string& path) {
  // Not blocking, for a pipe that nobody writes to.
  base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd.valid() && errno != ENOENT) {
    return fail_errno("cannot read alerts from " + path, errno);
  }
  struct stat status {};
  if (!fd.valid() || fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return std::optional<LogFile>{};
  }
  return std::optional<LogFile>(LogFile(std::move(fd), path, status.st_dev, status.st_ino));
}

void LogFile::seek(std::uint64_t offset) {
  offset_ = offset;
  buffer_.clear();
  begin_ = 0;
  skipping_ = false;
}

Result<std::optional<std::string>> LogFile::next() {
  for (;;) {
    const std::size_t end = buffer_.find('\n', begin_);
    if (end == std::string::npos) {
      if (!TRY(read_more())) {
        return std::optional<std::string>{};
      }
      continue;
    }
    std::string line = buffer_.substr(begin_, end - begin_);
    offset_ += line.size() + 1;
    begin_ = end + 1;
    if (!std::exchange(skipping_, false)) {
      return std::optional(std::move(line));
    }
  }
}

Result<bool> LogFile::read_more() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  if (buffer_.size() > kMaxLineBytes) {
    offset_ += buffer_.size();
    buffer_.clear();
    skipping_ = true;
  }
  const std::size_t had = buffer_.size();
  buffer_.resize(had + kChunkBytes);
  const ssize_t got =
      pread(fd_.get(), buffer_.data() + had, kChunkBytes, static_cast<off_t>(offset_ + had));
  buffer_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got < 0) {
    return fail_errno("cannot read alerts from " + path_, errno);
  }
  return got > 0;
}

std::uint64_t LogFile::size() const {
  struct stat status {};
  return fstat(fd_.get(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

Result<std::vector<Candidate>> log_files(const std::string& path) {
  std::vector<Candidate> found;
  for (const std::string& name : sink::rotated_files(path)) {
    // One that is renamed or removed meanwhile is looked for again when its lines are missing.
    const auto candidate = TRY(look_at(name));
    if (candidate && candidate->first_seq != 0) {
      found.push_back(*candidate);
    }
  }
  std::sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.changed_ns, a.first_seq) < std::tie(b.changed_ns, b.first_seq);
  });
  if (const auto current = TRY(look_at(path))) {
    std::erase_if(found, [&](const Candidate& other) {
      return other.device == current->device && other.inode == current->inode;
    });
    found.push_back(*current);
  }
  return found;
}

}  // namespace holdfast::forward
