#include "src/respond/changes.h"

#include <sys/stat.h>

#include <filesystem>
#include <system_error>

#include "src/detect/names.h"
#include "src/event/text.h"

namespace holdfast::respond {
namespace {

namespace fs = std::filesystem;

std::string_view next(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

bool is_octal(char c) { return c >= '0' && c <= '7'; }

// The kernel writes a space as \040, a comma in an option as \054.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
        is_octal(text[i + 3])) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::string option(std::string_view options, std::string_view name) {
  while (!options.empty()) {
    const std::string_view one = next(options, ',');
    if (one.starts_with(name)) {
      return unescaped(one.substr(name.size()));
    }
  }
  return "";
}

// "36 35 98:0 /root /mount/point options [optional…] - type source super-options"
std::string upper_of_line(std::string_view line, std::string_view rootfs) {
  const std::size_t dash = line.find(" - ");
  if (dash == std::string_view::npos) {
    return "";
  }
  std::string_view after = line.substr(dash + 3);
  for (int skipped = 0; skipped < 4; ++skipped) {
    next(line, ' ');
  }
  const std::string mount_point = unescaped(next(line, ' '));
  const std::string_view type = next(after, ' ');
  next(after, ' ');
  return type == "overlay" && mount_point == rootfs ? option(after, "upperdir=") : "";
}

Change change_of(const fs::path& path, const std::string& top, const struct stat& status) {
  const bool deleted = S_ISCHR(status.st_mode) && status.st_rdev == 0;
  return {event::printable(path.string().substr(top.size())),
          deleted ? std::string_view("deleted") : detect::file_type(status.st_mode),
          status.st_mode & 07777U, static_cast<std::uint64_t>(status.st_size),
          status.st_mtim.tv_sec};
}

}  // namespace

std::string upper_directory(std::string_view mountinfo, std::string_view rootfs) {
  std::string found;
  while (!mountinfo.empty()) {
    const std::string upper = upper_of_line(next(mountinfo, '\n'), rootfs);
    found = upper.empty() ? found : upper;
  }
  return found;
}

std::vector<Change> changes_in(const std::string& directory, std::size_t most) {
  std::vector<Change> changes;
  std::error_code error;
  fs::recursive_directory_iterator at(directory, fs::directory_options::skip_permission_denied,
                                      error);
  for (const fs::recursive_directory_iterator end; !error && at != end && changes.size() < most;
       at.increment(error)) {
    struct stat status {};
    if (lstat(at->path().c_str(), &status) == 0) {
      changes.push_back(change_of(at->path(), directory, status));
    }
  }
  return changes;
}

}  // namespace holdfast::respond
