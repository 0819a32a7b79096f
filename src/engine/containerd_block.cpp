// Finding, in the lines of config.toml, what `holdfast install` put there.
#include <algorithm>
#include <string_view>

#include "src/engine/containerd.h"
#include "src/engine/containerd_marks.h"

namespace holdfast::engine {
namespace {

// The first line of `text`, newline included, which is taken off.
std::string take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string line(text.substr(0, end == std::string_view::npos ? end : end + 1));
  text.remove_prefix(line.size());
  return line;
}

std::string_view without_indent(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  return line;
}

}  // namespace

Result<Parts> take_apart_containerd_toml(const std::string& text, const std::string& path) {
  Parts parts;
  bool inside = false;
  std::string_view left = text;
  while (!left.empty()) {
    const std::string line = take_line(left);
    const std::string_view mark = without_indent(line);
    if (mark.starts_with(kBegin)) {
      inside = true;
    }
    const bool is_default = !inside && mark.starts_with(kDefaultMark);
    (inside || is_default ? parts.ours : parts.rest) += line;
    if (is_default) {
      parts.ours += take_line(left);
      const std::size_t old = line.find(kInPlaceOf);
      parts.rest += old == std::string::npos ? "" : line.substr(old + kInPlaceOf.size());
    }
    if (mark.starts_with(kEnd)) {
      inside = false;
    }
  }
  return inside
             ? Result<Parts>(fail(path + " has lost the line \"" + std::string(kEnd) +
                                  "\": put it where holdfast's block ends, or take the block out"))
             : parts;
}

}  // namespace holdfast::engine
