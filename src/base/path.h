// Paths and globs as text; nothing here looks at a file system.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::base {

// Whether `path` is absolute and spelled in the one canonical way: no "." or "..", no double or
// closing slash, no control characters, below PATH_MAX. "/" is.
bool is_absolute_clean(std::string_view path);

// `path` in that spelling; ".." is resolved as text. "" for a path that is not absolute.
std::string clean_path(std::string_view path);

// Whether `path` is `directory` or below it, by component: "/var/www" is not below "/var/w".
// Both absolute and clean.
bool is_at_or_below(std::string_view path, std::string_view directory);

// fnmatch(3) without flags: `*` also matches a slash.
bool glob_match(const std::string& pattern, const std::string& text);

}  // namespace holdfast::base
