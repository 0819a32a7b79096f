#include "src/base/path.h"

#include <fnmatch.h>
#include <linux/limits.h>

#include <algorithm>
#include <vector>

namespace holdfast::base {
namespace {

std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (part.empty() || part == ".") {
      continue;
    }
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  return parts;
}

bool is_control(char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }

}  // namespace

std::string clean_path(std::string_view path) {
  if (path.empty() || path.front() != '/') {
    return "";
  }
  std::string clean;
  for (const std::string_view part : components(path)) {
    clean += '/';
    clean += part;
  }
  return clean.empty() ? "/" : clean;
}

bool is_absolute_clean(std::string_view path) {
  return !path.empty() && path.size() < PATH_MAX && path == clean_path(path) &&
         std::none_of(path.begin(), path.end(), is_control);
}

bool is_at_or_below(std::string_view path, std::string_view directory) {
  if (directory == "/") {
    return !path.empty() && path.front() == '/';
  }
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

bool glob_match(const std::string& pattern, const std::string& text) {
  return fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

}  // namespace holdfast::base
