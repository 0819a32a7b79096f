// The line about a response. Pure.
#pragma once

#include <cstdint>

#include "src/detect/alert.h"
#include "src/detect/detect.h"

namespace holdfast::detect {

// The alert of class "respond.NAME", such as "respond.freeze". `time_ns`: base::boot_now_ns().
Alert response_alert(const Response& response, std::uint64_t time_ns, const Context& context);

}  // namespace holdfast::detect
