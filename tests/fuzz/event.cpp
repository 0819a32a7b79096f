// A record of the kernel's ring, and a place of its table of repeats, up to the line in the log.
// The bytes hold what containers choose: paths, arguments, names.
#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "src/detect/detect.h"
#include "src/event/decode.h"
#include "src/event/redact.h"
#include "src/sink/json.h"
#include "tests/fuzz/target.h"

namespace holdfast::fuzz {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void check_line(const event::Event& event) {
  event::Process process;
  process.pid = static_cast<pid_t>(event.tgid);
  process.caps = event.cap_effective;
  process.comm = event.comm;
  process.exe = event.exe;
  process.argv = event::redact(event.argv);
  sink::Text text;
  sink::LineWriter().add(text, detect::detect(event::Event(event), std::move(process), {}), 1);
  std::string_view line(text.data(), text.size());
  require(line.back() == '\n', "a line ends");
  line.remove_suffix(1);
  require(std::ranges::none_of(line, is_control), "nothing in a line moves a cursor");
  require(nlohmann::json::accept(line), "a line is JSON");
}

}  // namespace

Status judge(std::string_view bytes) {
  if (bytes.size() == sizeof(hf_repeat)) {
    hf_repeat repeat{};
    std::memcpy(&repeat, bytes.data(), sizeof(repeat));
    check_line(TRY(event::decode_repeat(repeat, repeat.state & HF_REPEAT_COUNT)));
    return Ok{};
  }
  check_line(TRY(event::decode(bytes.data(), bytes.size())));
  return Ok{};
}

}  // namespace holdfast::fuzz
