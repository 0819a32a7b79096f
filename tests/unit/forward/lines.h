// Lines as the monitor writes them.
#pragma once

#include <cstdint>
#include <string>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "src/forward/line.h"

namespace holdfast::forward {

inline std::string text_of(std::uint64_t seq,
                           const nlohmann::json& more = nlohmann::json::object()) {
  nlohmann::json object = {{"time", "2024-02-29T23:59:59.123456789Z"},
                           {"kind", "alert"},
                           {"class", "escape.mount"},
                           {"severity", "critical"},
                           {"action", "denied"},
                           {"count", 1},
                           {"message", "sh tried to mount /proc."},
                           {"backend", "lsm"},
                           {"host", "node"},
                           {"origin", {{"queue", "alerts"}, {"epoch", 1}, {"position", seq}}}};
  object.update(more);
  return fmt::format("{{\"seq\":{},{}", seq, object.dump().substr(1));
}

inline Line line(const nlohmann::json& more = nlohmann::json::object(), std::uint64_t seq = 7) {
  return parse_line(text_of(seq, more)).value();
}

}  // namespace holdfast::forward
