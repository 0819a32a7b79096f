#include "src/event/proc.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <utility>

#include <fmt/core.h>

#include "bpf/abi/limits.h"
#include "src/event/redact.h"
#include "src/event/text.h"

namespace holdfast::event {

namespace {

// A command name of 16 bytes and 52 numbers.
constexpr std::size_t kMaxStatBytes = 4096;

}  // namespace

base::UniqueFd open_process(const std::string& proc_root, pid_t pid) {
  const std::string path = fmt::format("{}/{}", proc_root, pid);
  return base::UniqueFd(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

std::string read_at(int process, const char* name, std::size_t max_bytes) {
  const base::UniqueFd fd(openat(process, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  std::string content(max_bytes, '\0');
  std::size_t size = 0;
  while (fd.valid() && size < max_bytes) {
    const ssize_t got = read(fd.get(), content.data() + size, max_bytes - size);
    if (got <= 0) {
      break;
    }
    size += static_cast<std::size_t>(got);
  }
  content.resize(size);
  return content;
}

std::string link_at(int process, const char* name, std::size_t max_bytes) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = readlinkat(process, name, target.data(), target.size());
  if (size <= 0) {
    return "";
  }
  const std::string_view path(target.data(), static_cast<std::size_t>(size));
  const std::size_t cut = path.size() - std::min(path.size(), max_bytes);
  return (cut == 0 ? "" : "…") + printable(path.substr(cut));
}

std::optional<base::ProcessStat> stat_at(int process) {
  const Result<base::ProcessStat> stat =
      base::parse_stat(read_at(process, "stat", kMaxStatBytes), "stat");
  return stat.ok() ? std::optional(stat.value()) : std::nullopt;
}

std::string comm_at(int process) {
  std::string comm = read_at(process, "comm", HF_COMM_MAX);
  if (comm.ends_with('\n')) {
    comm.pop_back();
  }
  return printable(comm);
}

std::vector<std::string> arguments_at(int process, std::size_t max_bytes) {
  const std::string text = read_at(process, "cmdline", max_bytes);
  std::vector<std::string> arguments;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\0', at), text.size());
    arguments.push_back(printable(text.substr(at, end - at)));
    at = end + 1;
  }
  return redact(std::move(arguments));
}

}  // namespace holdfast::event
