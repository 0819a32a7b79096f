#include "src/base/process.h"

#include <array>
#include <charconv>

#include <fmt/core.h>

#include "src/base/file.h"

namespace holdfast::base {
namespace {

constexpr std::size_t kMaxStatFile = 8192;
// Fields after the command name, counted from 0: state, ppid, …, starttime (the 22nd of the file).
constexpr std::size_t kState = 0;
constexpr std::size_t kParent = 1;
constexpr std::size_t kStartTime = 19;

template <typename T>
bool parse_number(std::string_view text, T& out) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

}  // namespace

Result<ProcessStat> parse_stat(std::string_view text, const std::string& what) {
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) {
    return fail(what + " is not a stat file: it names no command");
  }
  text.remove_prefix(name_end + 1);
  std::array<std::string_view, kStartTime + 1> fields;
  for (std::string_view& field : fields) {
    const std::size_t begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos) {
      return fail(what + " is not a stat file: it is too short");
    }
    text.remove_prefix(begin);
    const std::size_t end = text.find_first_of(" \n");
    field = text.substr(0, end);
    text.remove_prefix(field.size());
  }
  ProcessStat stat;
  stat.state = fields[kState].front();
  if (!parse_number(fields[kParent], stat.parent) ||
      !parse_number(fields[kStartTime], stat.start_ticks)) {
    return fail(what + " is not a stat file: a field is no number");
  }
  return stat;
}

Result<ProcessStat> process_stat(const std::string& proc_root, pid_t pid) {
  const std::string path = fmt::format("{}/{}/stat", proc_root, pid);
  const std::string text = TRY(read_file(path, kMaxStatFile));
  return parse_stat(text, path);
}

}  // namespace holdfast::base
