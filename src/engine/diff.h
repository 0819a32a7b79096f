// What a change of a file looks like, for patch(1) and people.
#pragma once

#include <optional>
#include <string>

namespace holdfast::engine {

// A unified diff of the file at `path` (absolute; named as a/PATH and b/PATH). None stands for a
// file that is not there. "" when both are the same.
std::string unified_diff(const std::string& path, const std::optional<std::string>& before,
                         const std::optional<std::string>& after);

}  // namespace holdfast::engine
