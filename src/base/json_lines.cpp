#include "src/base/json_lines.h"

#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "src/base/json.h"

namespace holdfast::base {
namespace {

using nlohmann::json;

// Reads a text and counts its lines. The parser reads one character too far behind numbers and
// words: white space does not count until something follows it.
class CountingIterator {
 public:
  using difference_type = std::ptrdiff_t;
  using value_type = char;
  using pointer = const char*;
  using reference = const char&;
  using iterator_category = std::input_iterator_tag;

  CountingIterator(const char* at, std::size_t* line) : at_(at), line_(line) {}

  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    if (*at_ == '\n') {
      ++pending_;
    } else if (*at_ != ' ' && *at_ != '\t' && *at_ != '\r') {
      *line_ += std::exchange(pending_, 0);
    }
    ++at_;
    return *this;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  std::size_t* line_;
  std::size_t pending_ = 0;
};

// Of one pointer, and of objects and arrays inside each other: a small text can ask for gigabytes
// of pointers. What lies further in stands where the nearest value around it does.
constexpr std::size_t kMaxPointerBytes = 1024;
constexpr std::size_t kMaxDepth = 64;

// None where it is too long, and for what lies further in.
using Pointer = std::optional<std::string>;

Pointer extended(const Pointer& pointer, const std::string& key) {
  if (!pointer || pointer->size() + 1 + key.size() > kMaxPointerBytes) {
    return std::nullopt;
  }
  return pointer_below(*pointer, key);
}

// Notes the line of every key and of every element.
class Noter : public nlohmann::json_sax<json> {
 public:
  explicit Noter(JsonLines& lines) : lines_(&lines) { stack_.push_back({"", false, 0}); }

  bool null() override { return value(); }
  bool boolean(bool /*value*/) override { return value(); }
  bool number_integer(number_integer_t /*value*/) override { return value(); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return value(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return value(); }
  bool string(string_t& /*value*/) override { return value(); }
  bool binary(binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*size*/) override { return open(false); }
  bool start_array(std::size_t /*size*/) override { return open(true); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    key_ = extended(stack_.back().pointer, name);
    note(key_);
    return true;
  }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*problem*/) override {
    return false;
  }

 private:
  struct Level {
    Pointer pointer;
    bool is_array;
    std::size_t next;
  };

  void note(const Pointer& pointer) {
    if (pointer) {
      lines_->of.emplace(*pointer, lines_->last);
    }
  }

  // The pointer of the value that comes now.
  Pointer place() {
    Level& level = stack_.back();
    if (stack_.size() == 1) {
      return "";
    }
    if (!level.is_array) {
      return key_;
    }
    Pointer pointer = extended(level.pointer, std::to_string(level.next++));
    note(pointer);
    return pointer;
  }
  bool value() {
    place();
    return true;
  }
  bool open(bool is_array) {
    if (stack_.size() > kMaxDepth) {
      return false;
    }
    stack_.push_back({place(), is_array, 0});
    return true;
  }
  bool close() {
    stack_.pop_back();
    return true;
  }

  JsonLines* lines_;
  std::vector<Level> stack_;
  Pointer key_;
};

}  // namespace

std::size_t JsonLines::line(std::string pointer) const {
  while (!pointer.empty() && !of.contains(pointer)) {
    pointer.resize(pointer.rfind('/'));
  }
  return pointer.empty() ? 1 : of.at(pointer);
}

JsonLines json_lines(std::string_view text) {
  JsonLines lines;
  Noter noter(lines);
  json::sax_parse(CountingIterator(text.data(), &lines.last),
                  CountingIterator(text.data() + text.size(), &lines.last), &noter);
  return lines;
}

}  // namespace holdfast::base
