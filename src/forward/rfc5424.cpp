#include <algorithm>
#include <string_view>

#include <fmt/core.h>

#include "src/forward/encode.h"

namespace holdfast::forward {

namespace {

// Header fields are printable ASCII without blanks, and "-" where there is none.
std::string header_word(const std::string& text, std::size_t most) {
  std::string word = text.substr(0, most);
  std::replace_if(
      word.begin(), word.end(), [](char c) { return c <= ' ' || c > '~'; }, '?');
  return word.empty() ? "-" : word;
}

// TIME-SECFRAC has at most six digits: 2024-02-29T23:59:59.000000[001]Z
std::string timestamp(const std::string& rfc3339) {
  constexpr std::size_t kMicroseconds = 26;
  return rfc3339.size() > kMicroseconds + 1
             ? fmt::format("{}Z", std::string_view(rfc3339).substr(0, kMicroseconds))
             : header_word(rfc3339, kMicroseconds + 1);
}

// Section 6.3.3: these three are escaped.
std::string param(std::string_view name, const std::string& value) {
  if (value.empty()) {
    return "";
  }
  std::string escaped;
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == ']') {
      escaped += '\\';
    }
    escaped += c;
  }
  return fmt::format(" {}=\"{}\"", name, escaped);
}

std::string structured_data(const Line& line) {
  const nlohmann::json& json = line.json;
  const nlohmann::json& container = member(json, "container");
  std::string data = fmt::format("[holdfast@32473 seq=\"{}\"", line.end.seq);
  for (const char* key : {"kind", "class", "severity", "action", "cause"}) {
    data += param(key, text_at(json, key));
  }
  data += param("container", text_at(container, "id"));
  data += param("name", text_at(container, "name"));
  data += param("image", text_at(container, "image"));
  data += param("profile", text_at(container, "profile"));
  data += param("exe", text_at(member(json, "process"), "exe"));
  data += param("path", text_at(member(json, "object"), "path"));
  return data + "]";
}

}  // namespace

std::string rfc5424(const Line& line, int facility, bool whole) {
  const int priority = facility * 8 + static_cast<int>(severity_of(line));
  // A message in UTF-8 that is no JSON begins with a byte order mark (section 6.4).
  return fmt::format(
      "<{}>1 {} {} holdfast - {} {} {}", priority, timestamp(text_at(line.json, "time")),
      header_word(text_at(line.json, "host"), 255), header_word(text_at(line.json, "class"), 32),
      structured_data(line), whole ? line.text : "\xef\xbb\xbf" + text_at(line.json, "message"));
}

}  // namespace holdfast::forward
