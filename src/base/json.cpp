#include "src/base/json.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "src/base/quote.h"

namespace holdfast::base {
namespace {

using nlohmann::json;

// Builds the document while it is parsed, so that limits stop the parser where they are passed, and
// double keys are seen. nlohmann's own builder overwrites the first of two values and knows no
// depth.
template <typename Json>
class Builder : public nlohmann::json_sax<Json> {
 public:
  using string_t = typename Json::string_t;
  using object_t = typename Json::object_t;

  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  bool null() override { return put(Json(nullptr)); }
  bool boolean(bool value) override { return put(Json(value)); }
  bool number_integer(typename Json::number_integer_t value) override { return put(Json(value)); }
  bool number_unsigned(typename Json::number_unsigned_t value) override { return put(Json(value)); }
  bool number_float(typename Json::number_float_t value, const string_t& /*text*/) override {
    return put(Json(value));
  }
  bool string(string_t& value) override { return put(Json(std::move(value))); }
  bool binary(typename Json::binary_t& /*value*/) override { return refuse("holds binary data"); }
  bool start_object(std::size_t /*size*/) override { return open(Json::object()); }
  bool start_array(std::size_t /*size*/) override { return open(Json::array()); }
  bool end_object() override { return check_keys() && close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    auto& object = stack_.back()->template get_ref<object_t&>();
    if constexpr (kIsOrdered) {
      // Its own emplace() compares with every key before.
      member_ = &object.emplace_back(std::move(name), Json()).second;
      return true;
    } else {
      const auto [member, is_new] = object.emplace(std::move(name), Json());
      member_ = &member->second;
      return is_new || refuse_key(member->first);
    }
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& problem) override {
    // The text after the last ": " of nlohmann's message is the parser's own reason.
    const std::string text = problem.what();
    const std::size_t reason = text.find("syntax error");
    return refuse(fmt::format("is not JSON, byte {}: {}", position,
                              shown(reason == std::string::npos ? text : text.substr(reason))));
  }

  [[nodiscard]] const std::string& problem() const { return problem_; }
  Json take() { return std::move(root_); }

 private:
  static constexpr bool kIsOrdered = requires(object_t & object) { object.reserve(1); };

  bool refuse(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  bool refuse_key(const std::string& key) {
    return refuse(fmt::format("gives the key \"{}\" twice in one object; remove one", shown(key)));
  }

  // The keys of an ordered object, which are not compared as they come.
  bool check_keys() {
    if constexpr (kIsOrdered) {
      std::vector<const string_t*> keys;
      for (const auto& member : stack_.back()->template get_ref<object_t&>()) {
        keys.push_back(&member.first);
      }
      const auto text = [](const string_t* key) -> const string_t& { return *key; };
      std::ranges::sort(keys, {}, text);
      const auto twice = std::ranges::adjacent_find(keys, {}, text);
      return twice == keys.end() || refuse_key(**twice);
    }
    return true;
  }

  Json* place(Json value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *stack_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    *member_ = std::move(value);
    return member_;
  }

  bool count() {
    return ++values_ <= limits_.max_values ||
           refuse(fmt::format("holds more than {} values", limits_.max_values));
  }

  bool put(Json value) {
    if (!count()) {
      return false;
    }
    place(std::move(value));
    return true;
  }

  bool open(Json value) {
    if (stack_.size() >= limits_.max_depth) {
      return refuse(fmt::format("nests deeper than {} levels", limits_.max_depth));
    }
    if (!count()) {
      return false;
    }
    // A pointer into an array stays good: the array grows only after this element is closed.
    stack_.push_back(place(std::move(value)));
    reserve(*stack_.back());
    return true;
  }

  // An ordered object is a vector, whose elements are copied with all that is in them as it grows.
  static void reserve(Json& value) {
    if constexpr (kIsOrdered) {
      if (value.is_object()) {
        value.template get_ref<object_t&>().reserve(kMembers);
      }
    }
  }

  bool close() {
    stack_.pop_back();
    return true;
  }

  // Few objects of a config.json have more.
  static constexpr std::size_t kMembers = 12;

  JsonLimits limits_;
  std::size_t values_ = 0;
  Json root_;
  std::vector<Json*> stack_;
  Json* member_ = nullptr;  // whose value comes next
  std::string problem_;
};

template <typename Json>
Result<Json> parse(std::string_view bytes, const std::string& what, JsonLimits limits) {
  if (bytes.size() > limits.max_bytes) {
    return fail(fmt::format("{} is larger than {} bytes", what, limits.max_bytes));
  }
  Builder<Json> builder(limits);
  try {
    if (!Json::sax_parse(bytes.begin(), bytes.end(), &builder)) {
      return fail(fmt::format("{} {}", what, builder.problem()));
    }
  } catch (const std::exception& problem) {
    return fail(fmt::format("{} is not JSON: {}", what, shown(problem.what())));
  }
  return builder.take();
}

}  // namespace

Result<json> parse_json(std::string_view bytes, const std::string& what, JsonLimits limits) {
  return parse<json>(bytes, what, limits);
}

Result<nlohmann::ordered_json> parse_ordered_json(std::string_view bytes, const std::string& what,
                                                  JsonLimits limits) {
  return parse<nlohmann::ordered_json>(bytes, what, limits);
}

std::string pointer_below(const std::string& pointer, const std::string& key) {
  std::string below = pointer + "/";
  for (const char c : key) {
    if (c == '~') {
      below += "~0";
    } else if (c == '/') {
      below += "~1";
    } else {
      below += c;
    }
  }
  return below;
}

Error JsonView::error(std::string_view sentence) const {
  if (pointer_.empty()) {
    return fail(fmt::format("{}: {}", what_, sentence));
  }
  return fail(fmt::format("{}: {}: {}", what_, pointer_, sentence));
}

Error JsonView::error_at(const std::string& key, std::string_view sentence) const {
  return child(key, *value_).error(sentence);
}

JsonView JsonView::child(const std::string& key, const json& value) const {
  JsonView view(value, what_, null_);
  view.pointer_ = pointer_below(pointer_, shown(key));
  return view;
}

Result<std::string> JsonView::string() const {
  if (!value_->is_string()) {
    return error(fmt::format("must be a string, not {}", value_->type_name()));
  }
  const auto& text = value_->get_ref<const std::string&>();
  if (text.find('\0') != std::string::npos) {
    return error("holds a NUL character; remove it");
  }
  return text;
}

Result<bool> JsonView::boolean() const {
  if (!value_->is_boolean()) {
    return error(fmt::format("must be true or false, not {}", value_->type_name()));
  }
  return value_->get<bool>();
}

Result<std::int64_t> JsonView::integer() const {
  if (!value_->is_number_integer()) {
    return error(value_->is_number()
                     ? std::string("must be a whole number")
                     : fmt::format("must be a whole number, not {}", value_->type_name()));
  }
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value_->is_number_unsigned() && value_->get<std::uint64_t>() > kMax) {
    return error(fmt::format("must be at most {}", kMax));
  }
  return value_->get<std::int64_t>();
}

Result<std::vector<JsonView>> JsonView::items() const {
  if (!value_->is_array()) {
    return error(fmt::format("must be an array, not {}", value_->type_name()));
  }
  std::vector<JsonView> views;
  views.reserve(value_->size());
  for (std::size_t i = 0; i < value_->size(); ++i) {
    views.push_back(child(std::to_string(i), (*value_)[i]));
  }
  return views;
}

Result<std::vector<std::string>> JsonView::strings() const {
  std::vector<std::string> texts;
  for (const JsonView& item : TRY(items())) {
    texts.push_back(TRY(item.string()));
  }
  return texts;
}

Result<std::map<std::string, std::string>> JsonView::string_map() const {
  TRY(must_be_object());
  std::map<std::string, std::string> texts;
  for (const auto& [key, value] : value_->items()) {
    texts.emplace(key, TRY(child(key, value).string()));
  }
  return texts;
}

Status JsonView::must_be_object() const {
  if (!value_->is_object()) {
    return error(fmt::format("must be an object, not {}", value_->type_name()));
  }
  return Ok{};
}

std::optional<JsonView> JsonView::find(const std::string& key) const {
  if (!value_->is_object()) {
    return std::nullopt;
  }
  const auto member = value_->find(key);
  if (member == value_->end() || (member->is_null() && null_ == Null::kIsAbsent)) {
    return std::nullopt;
  }
  return child(key, *member);
}

Result<JsonView> JsonView::need(const std::string& key, std::string_view remedy) const {
  TRY(must_be_object());
  std::optional<JsonView> member = find(key);
  if (!member) {
    return error_at(key, fmt::format("is missing; {}", remedy));
  }
  return *std::move(member);
}

Result<std::string> JsonView::need_string(const std::string& key, std::string_view remedy) const {
  const JsonView member = TRY(need(key, remedy));
  return member.string();
}

template <typename T, typename Getter>
Status JsonView::read_with(const std::string& key, T& out, Getter getter) const {
  TRY(must_be_object());
  if (const std::optional<JsonView> member = find(key)) {
    out = TRY(getter(*member));
  }
  return Ok{};
}

Status JsonView::read(const std::string& key, std::string& out) const {
  return read_with(key, out, [](const JsonView& view) { return view.string(); });
}

Status JsonView::read(const std::string& key, bool& out) const {
  return read_with(key, out, [](const JsonView& view) { return view.boolean(); });
}

Status JsonView::read(const std::string& key, std::int64_t& out) const {
  return read_with(key, out, [](const JsonView& view) { return view.integer(); });
}

Status JsonView::read(const std::string& key, std::vector<std::string>& out) const {
  return read_with(key, out, [](const JsonView& view) { return view.strings(); });
}

Status JsonView::read(const std::string& key, std::map<std::string, std::string>& out) const {
  return read_with(key, out, [](const JsonView& view) { return view.string_map(); });
}

Status JsonView::only_keys(std::initializer_list<const char*> known) const {
  TRY(must_be_object());
  for (const auto& [key, value] : value_->items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return child(key, value)
          .error(fmt::format("is not a known key; known here: {}", fmt::join(known, ", ")));
    }
  }
  return Ok{};
}

}  // namespace holdfast::base
