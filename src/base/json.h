// Outside input as JSON: parsed within bounds, read with errors that name the file and the place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "src/base/result.h"

namespace holdfast::base {

struct JsonLimits {
  std::size_t max_bytes = std::size_t{4} * 1024 * 1024;
  unsigned max_depth = 64;  // objects and arrays inside each other
  // Values of any kind: three bytes of text become a value of hundreds in memory.
  std::size_t max_values = 100'000;
};

// Parses one JSON document. Refused, with a sentence that begins with `what` (a path, or "standard
// input"): more than the limits, bytes that are not JSON or not UTF-8, anything after the document,
// and a key given twice in one object: of two values every reader picks its own, and the one that
// was judged may not be the one that is used.
Result<nlohmann::json> parse_json(std::string_view bytes, const std::string& what,
                                  JsonLimits limits = {});

// The same, keeping the order of members: for a document that is edited.
Result<nlohmann::ordered_json> parse_ordered_json(std::string_view bytes, const std::string& what,
                                                  JsonLimits limits = {});

// The JSON pointer of the member `key` of the object at `pointer` (RFC 6901, section 3).
std::string pointer_below(const std::string& pointer, const std::string& key);

// A value inside a document that remembers where it is, so that every error names the file and the
// JSON pointer (RFC 6901). It refers to the document, which must outlive it.
class JsonView {
 public:
  // Go's encoding/json, which writes and reads most of what comes here, takes null for "not given";
  // documents that people write (profiles, our configuration) have no use for it.
  enum class Null { kIsAbsent, kIsError };

  // `pointer`: where the value stands in the document that messages are about.
  explicit JsonView(const nlohmann::json& value, std::string what, Null null = Null::kIsAbsent,
                    std::string pointer = {})
      : value_(&value), what_(std::move(what)), pointer_(std::move(pointer)), null_(null) {}

  [[nodiscard]] const nlohmann::json& raw() const { return *value_; }

  // "WHAT: POINTER: SENTENCE"; `SENTENCE` should say what is wrong and what to do.
  [[nodiscard]] Error error(std::string_view sentence) const;
  // The same about the member `key` of this object.
  [[nodiscard]] Error error_at(const std::string& key, std::string_view sentence) const;

  // The value as a type, or an error that says which type it should have. A string with a NUL in it
  // is refused: every path and name ends at the first one by the time the kernel reads it.
  [[nodiscard]] Result<std::string> string() const;
  [[nodiscard]] Result<bool> boolean() const;
  [[nodiscard]] Result<std::int64_t> integer() const;
  [[nodiscard]] Result<std::vector<JsonView>> items() const;
  [[nodiscard]] Result<std::vector<std::string>> strings() const;
  [[nodiscard]] Result<std::map<std::string, std::string>> string_map() const;
  [[nodiscard]] Status must_be_object() const;

  // Member of an object; none when there is no such member (or this is no object).
  [[nodiscard]] std::optional<JsonView> find(const std::string& key) const;
  // The same for a member that must be there; `remedy` completes "is missing; ".
  [[nodiscard]] Result<JsonView> need(const std::string& key, std::string_view remedy) const;
  [[nodiscard]] Result<std::string> need_string(const std::string& key,
                                                std::string_view remedy) const;

  // Reads a member into `out`; a missing one leaves `out` as it was.
  Status read(const std::string& key, std::string& out) const;
  Status read(const std::string& key, bool& out) const;
  Status read(const std::string& key, std::int64_t& out) const;
  Status read(const std::string& key, std::vector<std::string>& out) const;
  Status read(const std::string& key, std::map<std::string, std::string>& out) const;

  // Refuses the first key that is not among `known`, naming those that are.
  [[nodiscard]] Status only_keys(std::initializer_list<const char*> known) const;

 private:
  [[nodiscard]] JsonView child(const std::string& key, const nlohmann::json& value) const;
  template <typename T, typename Getter>
  Status read_with(const std::string& key, T& out, Getter getter) const;

  const nlohmann::json* value_;
  std::string what_;
  std::string pointer_;
  Null null_;
};

}  // namespace holdfast::base
