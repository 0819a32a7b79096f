#include "src/profile/policy.h"

namespace holdfast::profile {
namespace {

constexpr std::array<const char*, HF_CLASS_COUNT> kClassNames = {nullptr,
#define HF_CLASS_NAME(enumerator, name) name,
                                                                 HF_CLASSES(HF_CLASS_NAME)
#undef HF_CLASS_NAME
};

constexpr std::array kActionNames = {"off", "record", "alert", "deny", "kill"};
static_assert(kActionNames.size() == HF_KILL + 1);

}  // namespace

const char* class_name(std::uint32_t class_id) {
  return class_id < kClassNames.size() ? kClassNames[class_id] : nullptr;
}

std::uint32_t class_by_name(const std::string& name) {
  for (std::uint32_t id = 1; id < kClassNames.size(); ++id) {
    if (name == kClassNames[id]) {
      return id;
    }
  }
  return HF_CLASS_NONE;
}

const char* action_name(int action) {
  const auto index = static_cast<std::size_t>(action);
  return action >= 0 && index < kActionNames.size() ? kActionNames[index] : nullptr;
}

int action_by_name(const std::string& name) {
  for (std::size_t i = 0; i < kActionNames.size(); ++i) {
    if (name == kActionNames[i]) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

}  // namespace holdfast::profile
