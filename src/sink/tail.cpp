#include "src/sink/tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "src/base/file.h"

namespace holdfast::sink {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// How every line of ours begins (LineWriter).
constexpr std::string_view kBeginning = "{\"seq\":";

bool may_be_ours(std::string_view piece) {
  const std::size_t length = std::min(piece.size(), kBeginning.size());
  return piece.substr(0, length) == kBeginning.substr(0, length);
}

std::uint64_t number_of(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

void read_line(std::string_view line, Tail& tail) {
  const Json json = may_be_ours(line) ? Json::parse(line, nullptr, false) : Json();
  const std::uint64_t seq = number_of(json, "seq");
  if (seq == 0) {
    return;
  }
  tail.last_seq = seq;
  const auto origin = json.find("origin");
  if (origin == json.end() || !origin->is_object()) {
    return;
  }
  const auto queue = origin->find("queue");
  if (queue != origin->end() && queue->is_string()) {
    tail.origins.insert(
        {queue->get<std::string>(), number_of(*origin, "epoch"), number_of(*origin, "position")});
  }
}

bool is_rotated_name(const std::string& name, const std::string& base) {
  return name.size() > base.size() && name.starts_with(base) &&
         (name[base.size()] == '.' || name[base.size()] == '-');
}

}  // namespace

Tail read_tail(std::string_view bytes) {
  Tail tail;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
      tail.torn_bytes = may_be_ours(bytes) ? bytes.size() : 0;
      tail.unfinished = tail.torn_bytes == 0;
      break;
    }
    read_line(bytes.substr(0, end), tail);
    bytes.remove_prefix(end + 1);
  }
  return tail;
}

std::string end_of_file(const std::string& path, std::size_t max_bytes) {
  // Not blocking, for a pipe that nobody writes to.
  const base::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat status {};
  if (!fd.valid() || fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return "";
  }
  const off_t bytes = std::min(status.st_size, static_cast<off_t>(max_bytes));
  std::string text(static_cast<std::size_t>(bytes), '\0');
  const ssize_t got = pread(fd.get(), text.data(), text.size(), status.st_size - bytes);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

std::vector<std::string> rotated_files(const std::string& path) {
  const fs::path file(path);
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator at(file.parent_path().empty() ? "." : file.parent_path(), error), end;
       !error && at != end; at.increment(error)) {
    std::error_code gone;
    if (is_rotated_name(at->path().filename(), file.filename()) && at->is_regular_file(gone)) {
      found.push_back(at->path());
    }
  }
  return found;
}

Tail last_rotated(const std::string& path, std::size_t max_bytes) {
  Tail last;
  for (const std::string& file : rotated_files(path)) {
    Tail tail = read_tail(end_of_file(file, max_bytes));
    if (tail.last_seq > last.last_seq) {
      last = std::move(tail);
    }
  }
  return last;
}

}  // namespace holdfast::sink
