#include "src/monitor/reader.h"

namespace holdfast::monitor {

using Json = nlohmann::json;

Reader::Reader(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object_.is_object()) {
    complain("is not an object");
  }
}

void Reader::complain(const std::string& what) {
  if (!error_) {
    error_ = fail(where_ + " " + what);
  }
}

const Json* Reader::find(const char* key) const {
  if (!object_.is_object()) {
    return nullptr;
  }
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

const Json* Reader::member(const char* key, bool required) {
  const Json* found = find(key);
  if (found == nullptr && required) {
    complain(fmt::format("lacks \"{}\"", key));
  }
  return found;
}

std::string Reader::text(const char* key, std::size_t max, bool required) {
  const Json* found = member(key, required);
  if (found == nullptr) {
    return "";
  }
  if (!found->is_string()) {
    complain(fmt::format("has a \"{}\" that is not a string", key));
    return "";
  }
  const auto& value = found->get_ref<const std::string&>();
  if (value.size() > max || value.find('\0') != std::string::npos) {
    complain(fmt::format("has a \"{}\" that is too long or holds a NUL", key));
    return "";
  }
  return value;
}

std::vector<std::string> Reader::texts(const char* key, std::size_t max, std::size_t max_bytes) {
  std::vector<std::string> list;
  const Json* found = find(key);
  if (found == nullptr) {
    return list;
  }
  if (!found->is_array() || found->size() > max) {
    complain(fmt::format("has a \"{}\" that is not an array of at most {} strings", key, max));
    return list;
  }
  for (const Json& element : *found) {
    if (!element.is_string() || element.get_ref<const std::string&>().size() > max_bytes) {
      complain(fmt::format("has a \"{}\" with what is not a string, or too long", key));
      return list;
    }
    list.push_back(element.get<std::string>());
  }
  return list;
}

bool Reader::boolean(const char* key, bool required) {
  const Json* found = member(key, required);
  if (found != nullptr && !found->is_boolean()) {
    complain(fmt::format("has a \"{}\" that is neither true nor false", key));
    return false;
  }
  return found != nullptr && found->get<bool>();
}

std::uint64_t Reader::number(const char* key, std::uint64_t max, bool required) {
  const Json* found = member(key, required);
  if (found == nullptr) {
    return 0;
  }
  if (!found->is_number_unsigned() || found->get<std::uint64_t>() > max) {
    complain(fmt::format("has a \"{}\" that is not a number between 0 and {}", key, max));
    return 0;
  }
  return found->get<std::uint64_t>();
}

}  // namespace holdfast::monitor
