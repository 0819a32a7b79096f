#include "src/engine/diff.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace holdfast::engine {
namespace {

constexpr std::size_t kContext = 3;
// Of the table below. More is told as one replacement: longer, and right as well.
constexpr std::size_t kMaxCells = std::size_t{4} << 20;

using Lines = std::vector<std::string_view>;

struct Edit {
  char mark;  // ' ', '-' or '+'
  std::string_view line;
};

// Each with its newline; the last may lack it.
Lines split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t length = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

// Lengths of the longest common subsequences of what follows line i of `a` and line j of `b`.
class Common {
 public:
  Common(const Lines& a, const Lines& b)
      : width_(b.size() + 1), lengths_((a.size() + 1) * width_, 0) {
    for (std::size_t i = a.size(); i-- > 0;) {
      for (std::size_t j = b.size(); j-- > 0;) {
        lengths_[i * width_ + j] =
            a[i] == b[j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
      }
    }
  }
  [[nodiscard]] unsigned at(std::size_t i, std::size_t j) const { return lengths_[i * width_ + j]; }

 private:
  std::size_t width_;
  std::vector<unsigned> lengths_;
};

void put(std::vector<Edit>& edits, char mark, Lines::const_iterator from,
         Lines::const_iterator to) {
  std::for_each(from, to, [&](std::string_view line) { edits.push_back({mark, line}); });
}

void compare(const Lines& a, const Lines& b, std::vector<Edit>& edits) {
  if (a.empty() || b.empty() || (a.size() + 1) > kMaxCells / (b.size() + 1)) {
    put(edits, '-', a.begin(), a.end());
    put(edits, '+', b.begin(), b.end());
    return;
  }
  const Common common(a, b);
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      edits.push_back({' ', a[i]});
      ++i;
      ++j;
    } else if (i < a.size() && (j == b.size() || common.at(i + 1, j) >= common.at(i, j + 1))) {
      edits.push_back({'-', a[i++]});
    } else {
      edits.push_back({'+', b[j++]});
    }
  }
}

std::vector<Edit> edits_between(const Lines& a, const Lines& b) {
  const auto [a_from, b_from] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  std::size_t tail = 0;
  while (a.end() - a_from > static_cast<std::ptrdiff_t>(tail) &&
         b.end() - b_from > static_cast<std::ptrdiff_t>(tail) &&
         a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) {
    ++tail;
  }
  const auto a_to = a.end() - static_cast<std::ptrdiff_t>(tail);
  const auto b_to = b.end() - static_cast<std::ptrdiff_t>(tail);
  std::vector<Edit> edits;
  put(edits, ' ', a.begin(), a_from);
  compare(Lines(a_from, a_to), Lines(b_from, b_to), edits);
  put(edits, ' ', a_to, a.end());
  return edits;
}

// "3,4" as diff(1) counts: an empty side names the line before it.
std::string range(std::size_t first, std::size_t count) {
  return fmt::format("{},{}", count == 0 ? first : first + 1, count);
}

std::string hunk(const std::vector<Edit>& edits, std::size_t from, std::size_t to) {
  const auto count = [&edits](std::size_t begin, std::size_t end, char other) {
    return static_cast<std::size_t>(
        std::count_if(edits.begin() + static_cast<std::ptrdiff_t>(begin),
                      edits.begin() + static_cast<std::ptrdiff_t>(end),
                      [other](const Edit& edit) { return edit.mark != other; }));
  };
  std::string text =
      fmt::format("@@ -{} +{} @@\n", range(count(0, from, '+'), count(from, to, '+')),
                  range(count(0, from, '-'), count(from, to, '-')));
  for (std::size_t i = from; i < to; ++i) {
    text += edits[i].mark;
    text += edits[i].line;
    text += edits[i].line.ends_with('\n') ? "" : "\n\\ No newline at end of file\n";
  }
  return text;
}

// The first edit at or after `from` that changes something; the end when there is none.
std::size_t next_change(const std::vector<Edit>& edits, std::size_t from) {
  while (from < edits.size() && edits[from].mark == ' ') {
    ++from;
  }
  return from;
}

}  // namespace

std::string unified_diff(const std::string& path, const std::optional<std::string>& before,
                         const std::optional<std::string>& after) {
  if (before == after) {
    return "";
  }
  const auto name = [&path](char side, bool is_there) {
    return is_there ? std::string(1, side) + path : "/dev/null";
  };
  std::string text =
      fmt::format("--- {}\n+++ {}\n", name('a', before.has_value()), name('b', after.has_value()));
  const std::string none;
  const std::vector<Edit> edits =
      edits_between(split(before ? *before : none), split(after ? *after : none));
  std::size_t change = next_change(edits, 0);
  while (change < edits.size()) {
    const std::size_t from = change - std::min(change, kContext);
    std::size_t end = change;
    // Changes that are no further apart than twice the context are one hunk.
    while (change < edits.size() && change <= end + 2 * kContext) {
      end = change + 1;
      change = next_change(edits, end);
    }
    text += hunk(edits, from, std::min(end + kContext, edits.size()));
  }
  return text;
}

}  // namespace holdfast::engine
