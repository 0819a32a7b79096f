// One request to the monitor and its reply.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/monitor/protocol.h"

namespace holdfast::monitor {

// Long enough for a registration on a loaded machine (the monitor walks the init's threads), short
// enough that a container engine does not give up first.
inline constexpr std::chrono::milliseconds kCallTimeout{10000};

// Connects to `socket_path`, asks, and waits for the answer; all of it within `timeout`. An error
// reply is an error here too, in the monitor's own words.
Result<Reply> call(const std::string& socket_path, const Request& request,
                   std::chrono::milliseconds timeout);

// Every registered container: as many list requests as it takes.
Result<std::vector<ListedContainer>> list_containers(const std::string& socket_path,
                                                     std::chrono::milliseconds timeout);

// `timeout`, or what is left until `deadline` if that is less.
std::chrono::milliseconds within(std::chrono::milliseconds timeout,
                                 std::chrono::steady_clock::time_point deadline);

// Whether it is certain that no monitor listens at `socket_path`: there is no such socket, or it is
// one that a monitor left behind. False when that cannot be told (permissions).
bool nobody_listens(const std::string& socket_path);

// Whether anybody accepts connections at `socket_path`. A monitor that is there but busy counts.
bool is_listening(const std::string& socket_path);

}  // namespace holdfast::monitor
