// Reads the members of an object that came over the monitor's socket.
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/base/result.h"

namespace holdfast::monitor {

// Notes the first thing that is wrong with an object's members and hands out defaults from then on,
// so that a decoder is a plain list of members. The object must outlive it.
class Reader {
 public:
  // `where` begins the sentence of an error.
  Reader(const nlohmann::json& object, std::string where);

  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  void complain(const std::string& what);

  // nullptr where there is no such member.
  [[nodiscard]] const nlohmann::json* find(const char* key) const;
  // A member that may be missing; `key` must be there when `required`.
  const nlohmann::json* member(const char* key, bool required);

  // At most `max` bytes, without NUL.
  std::string text(const char* key, std::size_t max, bool required = true);
  // At most `max` strings of at most `max_bytes`; none where there is no such member.
  std::vector<std::string> texts(const char* key, std::size_t max, std::size_t max_bytes);
  bool boolean(const char* key, bool required = true);
  std::uint64_t number(const char* key, std::uint64_t max, bool required = true);

 private:
  const nlohmann::json& object_;
  std::string where_;
  std::optional<Error> error_;
};

// The array `key`, each element by `decode_one`; empty where there is none.
template <typename T>
Result<std::vector<T>> decode_list(const Reader& reader, const char* key, std::size_t max,
                                   T (*decode_one)(Reader&)) {
  std::vector<T> list;
  const nlohmann::json* json = reader.find(key);
  if (json == nullptr) {
    return list;
  }
  if (!json->is_array() || json->size() > max) {
    return fail(fmt::format("\"{}\" is not an array of at most {} elements", key, max));
  }
  for (const nlohmann::json& element : *json) {
    Reader inner(element, fmt::format("an element of \"{}\"", key));
    list.push_back(decode_one(inner));
    if (inner.error()) {
      return *inner.error();
    }
  }
  return list;
}

}  // namespace holdfast::monitor
