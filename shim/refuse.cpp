#include "shim/refuse.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "src/base/file.h"

namespace holdfast::shim {
namespace {

std::string rfc3339(std::time_t now) {
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return std::string(text.data(), length);
}

// A message quotes what a container's author wrote: it must stay one line, without escape codes.
std::string one_line(std::string_view message) {
  std::string line(message);
  for (char& c : line) {
    if ((c >= 0 && c < ' ') || c == '\x7f') {
      c = ' ';
    }
  }
  return line;
}

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

struct Phrase {
  std::string_view old_words;
  std::string_view new_words;
};
constexpr std::array<Phrase, 4> kPhrases = {{{"permission denied", "access is refused"},
                                             {"operation not permitted", "the kernel refuses it"},
                                             {"no such file or directory", "it does not exist"},
                                             {"executable file not found", "there is no program"}}};

bool same_but_for_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

}  // namespace

std::string reworded(std::string message) {
  for (const Phrase& phrase : kPhrases) {
    for (std::size_t at = 0; at + phrase.old_words.size() <= message.size(); ++at) {
      if (same_but_for_case(std::string_view(message).substr(at, phrase.old_words.size()),
                            phrase.old_words)) {
        message.replace(at, phrase.old_words.size(), phrase.new_words);
      }
    }
  }
  return message;
}

void warn(const std::string& message) {
  (void)base::write_all(STDERR_FILENO, "holdfast: warning: " + one_line(message) + "\n",
                        "standard error");
}

std::string log_line(std::string_view message, bool json, std::time_t now) {
  const std::string text = quoted(one_line(message));
  const std::string time = quoted(rfc3339(now));
  if (json) {
    return R"({"level":"error","msg":)" + text + R"(,"time":)" + time + "}\n";
  }
  return "time=" + time + " level=error msg=" + text + "\n";
}

int refuse(const CommandLine& line, const std::string& message) {
  const std::string sentence = "holdfast: " + one_line(reworded(message));
  if (!line.log.empty()) {
    auto log = base::open_file(line.log, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY, 0644);
    if (log.ok()) {
      // The engine still has standard error when its log cannot be written.
      (void)base::write_all(log.value().get(),
                            log_line(sentence, line.log_json, std::time(nullptr)), line.log);
    }
  }
  (void)base::write_all(STDERR_FILENO, sentence + "\n", "standard error");
  return 1;
}

}  // namespace holdfast::shim
