// The bytes of a ring record, turned into an Event or refused.
#pragma once

#include <cstddef>
#include <cstdint>

#include "src/base/result.h"
#include "src/event/event.h"

namespace holdfast::event {

// Reads one record of `size` bytes at `bytes` (any alignment). Fails on a record that is shorter
// than what it says, longer than struct hf_event, or of a class, operation or outcome that this ABI
// does not have: the caller counts those, because an event that cannot be told has to be accounted
// for.
Result<Event> decode(const void* bytes, std::size_t size);

// What the kernel kept of `count` events that it counted instead of sending: of the process that
// began, and of the path only the last part. Fails as decode() does.
Result<Event> decode_repeat(const hf_repeat& repeat, std::uint64_t count);

}  // namespace holdfast::event
