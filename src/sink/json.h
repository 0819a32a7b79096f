// An alert as one JSON object; the published schema is profiles/schema/alert.schema.json.
#pragma once

#include <cstdint>
#include <string>

#include "src/detect/alert.h"

namespace holdfast::sink {

// Everything but "seq", as the text of an object. Every string in `alert` is valid UTF-8
// (event::printable()); one that is not gets U+FFFD in its place.
std::string to_json(const detect::Alert& alert);

// Adds the same with "seq" as its first member, and a line feed: what a reader finds in the file.
void append_line(std::string& out, const detect::Alert& alert, std::uint64_t seq);

}  // namespace holdfast::sink
