// What is done about a container beyond telling: by profile and severity, or by hand.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace holdfast::profile {

// From weakest to strongest, by how much of the container goes on: all of it; all but one process;
// all, without a network; nothing, until it is thawed; nothing any more. The last two undo, and are
// for people only.
enum class Response { kAlert, kKillProcess, kIsolate, kFreeze, kKillContainer, kThaw, kRelease };
inline constexpr std::size_t kResponses = 7;

// "kill-process" and back; nothing for what is none.
const char* response_name(Response response);
std::optional<Response> response_by_name(std::string_view name);

// By syslog's number of the severity (RFC 5424: 0 emergency to 7 debug).
using Responses = std::array<Response, 8>;
inline constexpr std::size_t kCriticalNumber = 2;

}  // namespace holdfast::profile
