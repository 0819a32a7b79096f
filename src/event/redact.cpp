#include "src/event/redact.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>

namespace holdfast::event {

namespace {

// Found anywhere in a name: --dbpassword, PGPASSWORD, client_secret.
constexpr std::array<std::string_view, 6> kParts = {"passw",  "passphrase", "secret",
                                                    "apikey", "credential", "token"};
// Only as a word of their own: --key but not --keyboard.
constexpr std::array<std::string_view, 5> kWords = {"pass", "pwd", "key", "auth", "authorization"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Rather than find_first_of(), which calls memchr(3) for each character.
bool is_separator(char c) { return c == '-' || c == '_' || c == '.'; }
bool is_sign(char c) { return c == '=' || c == ':'; }
bool is_quote(char c) { return c == '\'' || c == '"'; }

bool is_same(std::string_view text, std::string_view lowercase) {
  return std::ranges::equal(text, lowercase, {}, lower);
}

bool begins_with(std::string_view text, std::string_view lowercase) {
  return text.size() >= lowercase.size() && is_same(text.substr(0, lowercase.size()), lowercase);
}

bool begins_with_part(std::string_view text) {
  return std::ranges::any_of(kParts,
                             [text](std::string_view part) { return begins_with(text, part); });
}

// By a character: the letters that follow it at the beginning of kParts, a bit each.
constexpr std::array<std::uint32_t, 256> kSeconds = [] {
  std::array<std::uint32_t, 256> seconds{};
  for (const std::string_view part : kParts) {
    const std::uint32_t second = 1U << (part.at(1) - 'a');
    seconds.at(static_cast<unsigned char>(part.front())) |= second;
    seconds.at(static_cast<unsigned char>(part.front() - 'a' + 'A')) |= second;
  }
  return seconds;
}();

// Whether one of kParts may begin with these.
bool may_begin(char first, char second) {
  const std::uint32_t seconds = kSeconds[static_cast<unsigned char>(first)];
  if (seconds == 0) {
    return false;
  }
  const auto letter = static_cast<unsigned char>(lower(second) - 'a');
  return letter < 26 && ((seconds >> letter) & 1) != 0;
}

// In place: every argument of every event is looked at.
bool is_secret_name(std::string_view name) {
  for (const char* at = name.begin(); at + 1 < name.end(); ++at) {
    if (may_begin(at[0], at[1]) && begins_with_part({at, name.end()})) {
      return true;
    }
  }
  const auto last_word = std::find_if(name.rbegin(), name.rend(), is_separator);
  const std::string_view word(last_word.base(), name.end());
  return std::ranges::any_of(kWords,
                             [word](std::string_view secret) { return is_same(word, secret); });
}

// "scheme://user:password@host": the password goes.
void redact_url(std::string& argument) {
  const std::size_t scheme = argument.find("://");
  if (scheme == std::string::npos) {
    return;
  }
  const std::size_t begin = scheme + 3;
  const std::size_t end = argument.find_first_of("/?#", begin);
  const std::size_t at = argument.substr(0, end).rfind('@');
  const std::size_t colon = argument.find(':', begin);
  if (at != std::string::npos && at > begin && colon != std::string::npos && colon < at) {
    argument.replace(colon + 1, at - colon - 1, kRedacted);
  }
}

// Redacts "NAME=VALUE" and "NAME:VALUE". True when the argument names a secret whose value is the
// next one.
bool redact_word(std::string& word) {
  const auto sign = std::ranges::find_if(word, is_sign);
  // Nearly every one: it has no value, and the next one is none of its.
  if (sign == word.end() && !word.starts_with('-')) {
    return false;
  }
  const auto quotes = std::find_if_not(word.begin(), sign, is_quote);
  const auto begin = std::find_if(quotes, sign, [](char c) { return c != '-'; });
  if (!is_secret_name({begin, sign})) {
    if (sign != word.end()) {
      redact_url(word);
    }
    return false;
  }
  if (sign != word.end() && sign + 1 != word.end()) {
    word.replace(sign + 1, word.end(), kRedacted);
    return false;
  }
  return sign != word.end() || word.starts_with('-');
}

std::string redact_phrase(const std::string& phrase);

void redact_words(std::vector<std::string>& words) {
  bool secret_follows = false;
  for (std::string& word : words) {
    if (secret_follows && !word.starts_with('-')) {
      // "Authorization: Bearer VALUE": the scheme is no secret, what follows it is.
      secret_follows = word == "Bearer" || word == "Basic";
      if (!secret_follows) {
        word = kRedacted;
      }
    } else if (word.find(' ') != std::string::npos) {
      // Word by word, so that "TOKEN=1; curl evil" does not hide the second command.
      word = redact_phrase(word);
      secret_follows = false;
    } else {
      secret_follows = redact_word(word);
    }
  }
}

std::string redact_phrase(const std::string& phrase) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  while (begin <= phrase.size()) {
    const std::size_t end = std::min(phrase.find(' ', begin), phrase.size());
    words.push_back(phrase.substr(begin, end - begin));
    begin = end + 1;
  }
  redact_words(words);
  return fmt::format("{}", fmt::join(words, " "));
}

}  // namespace

std::vector<std::string> redact(std::vector<std::string> arguments) {
  redact_words(arguments);
  return arguments;
}

}  // namespace holdfast::event
