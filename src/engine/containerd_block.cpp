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

std::string_view without_end(std::string_view line) {
  return line.substr(0, line.find_last_not_of(" \t\r\n") + 1);
}

// The mark alone or with what we write after it: an administrator's comment may begin like it.
bool is_mark(std::string_view line, std::string_view mark, std::string_view more) {
  return line == mark || (line.starts_with(mark) && line.substr(mark.size()).starts_with(more));
}

// Ours, after kDefaultMark.
bool is_default_line(std::string_view text) {
  return without_end(without_indent(take_line(text))) == "default_runtime_name = \"holdfast\"";
}

}  // namespace

Result<Parts> take_apart_containerd_toml(const std::string& text, const std::string& path) {
  Parts parts;
  bool inside = false;
  std::string_view left = text;
  while (!left.empty()) {
    const std::string line = take_line(left);
    const std::string_view mark = without_end(without_indent(line));
    inside = inside || is_mark(mark, kBegin, kBeginMore);
    const bool is_default =
        !inside && is_mark(mark, kDefaultMark, kInPlaceOf) && is_default_line(left);
    (inside || is_default ? parts.ours : parts.rest) += line;
    if (is_default) {
      parts.ours += take_line(left);
      const std::size_t old = line.find(kInPlaceOf);
      parts.rest += old == std::string::npos ? "" : line.substr(old + kInPlaceOf.size());
    }
    inside = inside && mark != kEnd;
  }
  return inside
             ? Result<Parts>(fail(path + " has lost the line \"" + std::string(kEnd) +
                                  "\": put it where holdfast's block ends, or take the block out"))
             : parts;
}

}  // namespace holdfast::engine
