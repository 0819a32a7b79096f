#include "src/forward/reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace holdfast::forward {

namespace {

// Ours are below 32 KiB; one that ends at an offset begins this far before it or less.
constexpr std::uint64_t kMaxLineBytes = std::uint64_t{1} << 20;

// Whether the line that `cursor` names ends where it says.
Result<bool> stands_at(LogFile& file, const Cursor& cursor) {
  if (cursor.offset > file.size()) {
    return false;
  }
  file.seek(cursor.offset - std::min(cursor.offset, kMaxLineBytes));
  while (auto line = TRY(file.next())) {
    if (file.offset() >= cursor.offset) {
      return file.offset() == cursor.offset && fingerprint(*line) == cursor.fingerprint;
    }
  }
  return false;
}

}  // namespace

Result<std::vector<Line>> Reader::next(std::size_t max_lines, std::size_t max_bytes) {
  std::vector<Line> lines;
  std::size_t bytes = 0;
  while (lines.size() < max_lines && bytes < max_bytes) {
    auto line = TRY(take());
    if (!line) {
      break;
    }
    const std::uint64_t expected = last_.seq + 1;
    if (last_.seq != 0 && line->end.seq != expected) {
      if (TRY(look_again(line->end.seq))) {
        continue;
      }
      lines.push_back(line_of_lost(*line, expected));
      lines.back().end = last_;
    }
    last_ = line->end;
    bytes += line->text.size();
    lines.push_back(std::move(*line));
  }
  return lines;
}

// The next line of ours, in whatever file it is.
Result<std::optional<Line>> Reader::take() {
  if (!file_ && !TRY(locate())) {
    return std::optional<Line>{};
  }
  for (;;) {
    auto text = TRY(file_->next());
    if (!text) {
      if (!TRY(advance())) {
        return std::optional<Line>{};
      }
      continue;
    }
    auto line = parse_line(std::move(*text));
    if (line) {
      line->end.device = file_->device();
      line->end.inode = file_->inode();
      line->end.offset = file_->offset();
      return line;
    }
    ++strange_;
  }
}

// A file may have been renamed between two looks, or written to after our last one. True when we
// stand behind the last line again, wherever it is now.
Result<bool> Reader::look_again(std::uint64_t found) {
  if (std::exchange(looked_for_, found) == found) {
    return false;
  }
  std::optional<LogFile> before = std::move(file_);
  const std::uint64_t offset = before ? before->offset() : 0;
  const auto candidates = TRY(log_files(path_));
  for (auto candidate = candidates.rbegin(); candidate != candidates.rend(); ++candidate) {
    if (TRY(locate_in(*candidate)) || TRY(search(*candidate))) {
      return true;
    }
  }
  file_ = std::move(before);
  if (file_) {
    file_->seek(offset);
  }
  return false;
}

// False: there is no file.
Result<bool> Reader::locate() {
  const auto candidates = TRY(log_files(path_));
  if (candidates.empty()) {
    return false;
  }
  if (last_.seq != 0) {
    for (const Candidate& candidate : candidates) {
      if (TRY(locate_in(candidate))) {
        return true;
      }
    }
    for (auto candidate = candidates.rbegin(); candidate != candidates.rend(); ++candidate) {
      if (TRY(search(*candidate))) {
        return true;
      }
    }
  }
  return start_of(candidates.front());
}

// Whether it is the file of the cursor.
Result<bool> Reader::locate_in(const Candidate& candidate) {
  if (candidate.device != last_.device || candidate.inode != last_.inode) {
    return false;
  }
  auto file = TRY(LogFile::open(candidate.path));
  if (!file || !TRY(stands_at(*file, last_))) {
    return false;
  }
  file->seek(last_.offset);
  file_ = std::move(file);
  return true;
}

// Whether the cursor's line is in it: files are copied, too.
Result<bool> Reader::search(const Candidate& candidate) {
  auto file = TRY(LogFile::open(candidate.path));
  while (file) {
    const auto line = TRY(file->next());
    if (!line) {
      break;
    }
    if (seq_of(*line) == last_.seq && fingerprint(*line) == last_.fingerprint) {
      file_ = std::move(file);
      return true;
    }
  }
  return false;
}

Result<bool> Reader::start_of(const Candidate& candidate) {
  file_ = TRY(LogFile::open(candidate.path));
  return file_.has_value();
}

// At the end of a file: goes to the next one. False when this is the last.
Result<bool> Reader::advance() {
  if (at_the_end()) {
    return false;
  }
  const auto candidates = TRY(log_files(path_));
  const auto ours = std::find_if(candidates.begin(), candidates.end(), [&](const Candidate& other) {
    return other.device == file_->device() && other.inode == file_->inode();
  });
  if (ours == candidates.end()) {
    file_.reset();
    return locate();
  }
  if (file_->size() < file_->offset()) {
    file_->seek(0);  // copytruncate
    return true;
  }
  if (TRY(file_->read_more())) {
    return true;  // It was written to until it was renamed.
  }
  return ours + 1 != candidates.end() && TRY(start_of(*(ours + 1)));
}

// Of the file that is being written: the usual case, for which nothing is listed.
bool Reader::at_the_end() const {
  struct stat named {};
  return stat(path_.c_str(), &named) == 0 && named.st_dev == file_->device() &&
         named.st_ino == file_->inode() &&
         static_cast<std::uint64_t>(named.st_size) >= file_->offset();
}

}  // namespace holdfast::forward
