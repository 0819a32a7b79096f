#include "src/profile/respond.h"

namespace holdfast::profile {
namespace {

constexpr std::array<const char*, kResponses> kNames = {
    "alert", "kill-process", "isolate", "freeze", "kill-container", "thaw", "release"};

}  // namespace

const char* response_name(Response response) {
  return kNames.at(static_cast<std::size_t>(response));
}

std::optional<Response> response_by_name(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames.at(i)) {
      return static_cast<Response>(i);
    }
  }
  return std::nullopt;
}

}  // namespace holdfast::profile
