#include "src/replay/report.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace holdfast::replay {
namespace {

std::size_t count(const std::vector<TestRun>& runs) {
  std::size_t total = 0;
  for (const TestRun& run : runs) {
    total += run.outcomes.size();
  }
  return total;
}

std::size_t failures(const TestRun& run) {
  return static_cast<std::size_t>(std::ranges::count_if(
      run.outcomes, [](const Outcome& outcome) { return !outcome.problem.empty(); }));
}

// '#' would begin a directive, and a line has to stay one.
std::string tap_text(const std::string& text) {
  std::string clean;
  for (const char c : text) {
    if (c == '#') {
      clean += '\\';
    }
    clean += c == '\n' ? ' ' : c;
  }
  return clean;
}

std::string xml_text(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        // XML 1.0 has no way to write other control characters.
        escaped += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return escaped;
}

}  // namespace

std::string tap(const std::vector<TestRun>& runs) {
  std::string text = fmt::format("TAP version 13\n1..{}\n", count(runs));
  std::size_t number = 0;
  for (const TestRun& run : runs) {
    for (const Outcome& outcome : run.outcomes) {
      fmt::format_to(std::back_inserter(text), "{} {} - {}: {}\n",
                     outcome.problem.empty() ? "ok" : "not ok", ++number, run.profile,
                     tap_text(outcome.name));
      if (!outcome.problem.empty()) {
        fmt::format_to(std::back_inserter(text), "# {}: {}\n", outcome.place, outcome.problem);
      }
    }
  }
  return text;
}

std::string junit(const std::vector<TestRun>& runs) {
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const TestRun& run : runs) {
    fmt::format_to(std::back_inserter(text),
                   "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">\n",
                   xml_text(run.profile), run.outcomes.size(), failures(run));
    for (const Outcome& outcome : run.outcomes) {
      fmt::format_to(std::back_inserter(text), "    <testcase classname=\"{}\" name=\"{}\"",
                     xml_text(run.profile), xml_text(outcome.name));
      if (outcome.problem.empty()) {
        text += "/>\n";
      } else {
        fmt::format_to(std::back_inserter(text),
                       ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                       xml_text(outcome.problem), xml_text(outcome.place));
      }
    }
    text += "  </testsuite>\n";
  }
  return text + "</testsuites>\n";
}

}  // namespace holdfast::replay
