// Reading members of a profile: each leaves `out` as it was when the member is not there.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "src/base/json.h"
#include "src/base/quote.h"
#include "src/base/result.h"
#include "src/profile/policy.h"
#include "src/profile/profile.h"

namespace holdfast::profile {

using base::JsonView;

template <typename T>
using Words = std::initializer_list<std::pair<const char*, T>>;

// Reads the member `key`, one of `words`, into `out`.
template <typename T>
Status read_word(const JsonView& view, const char* key, Words<T> words, T& out) {
  const auto member = view.find(key);
  if (!member) {
    return Ok{};
  }
  const std::string text = TRY(member->string());
  std::vector<std::string_view> known;
  for (const auto& [word, value] : words) {
    if (text == word) {
      out = value;
      return Ok{};
    }
    known.emplace_back(word);
  }
  return member->error(
      fmt::format("\"{}\" is not one of {}", base::shown(text), fmt::join(known, ", ")));
}

inline Status read_action(const JsonView& view, const char* key, int& out) {
  return read_word<int>(view, key,
                        {{"off", HF_OFF},
                         {"record", HF_RECORD},
                         {"alert", HF_ALERT},
                         {"deny", HF_DENY},
                         {"kill", HF_KILL}},
                        out);
}

// Reads an array of strings, each judged by `problem_of` ("" when it is right).
template <typename Judge>
Status read_judged(const JsonView& view, const char* key, Judge problem_of,
                   std::vector<std::string>& out) {
  const auto list = view.find(key);
  if (!list) {
    return Ok{};
  }
  const std::vector<JsonView> items = TRY(list->items());
  if (items.size() > kMaxListed) {
    return list->error(fmt::format("has more than {} items; remove some", kMaxListed));
  }
  for (const JsonView& item : items) {
    const std::string text = TRY(item.string());
    const std::string problem = problem_of(text);
    if (!problem.empty()) {
      return item.error(problem);
    }
    out.push_back(text);
  }
  return Ok{};
}

}  // namespace holdfast::profile
