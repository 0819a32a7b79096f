#include "src/sink/rotation.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "src/base/clock.h"
#include "src/sink/tail.h"

namespace holdfast::sink {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::string_view kPattern = "ddddddddTdddddd.dddddddddZ";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Whether rotate() gave `suffix`, which comes after the dot.
bool is_ours(std::string_view suffix) {
  return std::ranges::equal(suffix, kPattern, [](char given, char wanted) {
    return wanted == 'd' ? is_digit(given) : given == wanted;
  });
}

// By name, which is the time; `newest` stays also where the clock was set back.
void remove_oldest(const std::string& path, std::uint64_t keep, const std::string& newest) {
  const std::size_t stem = std::filesystem::path(path).filename().string().size() + 1;
  std::vector<std::string> ours = rotated_files(path);
  std::erase_if(ours, [stem, &newest](const std::string& file) {
    const std::string name = std::filesystem::path(file).filename();
    return name[stem - 1] != '.' || !is_ours(std::string_view(name).substr(stem)) ||
           name == std::filesystem::path(newest).filename();
  });
  std::sort(ours.begin(), ours.end());
  const std::size_t too_many = ours.size() + 1 > keep ? ours.size() + 1 - keep : 0;
  for (std::size_t i = 0; i < std::min(too_many, ours.size()); ++i) {
    unlink(ours[i].c_str());
  }
}

}  // namespace

bool is_due(const Rotation& rotation, int fd, std::size_t more, std::int64_t now_ns) {
  struct statx status {};
  if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE | STATX_BTIME, &status) != 0 ||
      !S_ISREG(status.stx_mode) || status.stx_size == 0) {
    return false;
  }
  if (rotation.max_bytes != 0 && status.stx_size + more > rotation.max_bytes) {
    return true;
  }
  const bool aged = rotation.max_age_s != 0 && (status.stx_mask & STATX_BTIME) != 0;
  return aged && now_ns / kSecondNs - status.stx_btime.tv_sec >=
                     static_cast<std::int64_t>(rotation.max_age_s);
}

Status rotate(const std::string& path, std::uint64_t keep, std::int64_t now_ns) {
  const std::string name = path + "." + base::time_in_name(now_ns);
  if (renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, name.c_str(), RENAME_NOREPLACE) != 0) {
    return fail_errno(fmt::format("cannot rename {} to {}", path, name), errno);
  }
  remove_oldest(path, keep, name);
  return Ok{};
}

}  // namespace holdfast::sink
