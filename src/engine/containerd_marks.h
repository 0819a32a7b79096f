// Lines of config.toml by which holdfast finds its own again.
#pragma once

#include <string_view>

namespace holdfast::engine {

inline constexpr std::string_view kBegin = "# holdfast: begin";
inline constexpr std::string_view kBeginMore = " (written by ";
inline constexpr std::string_view kEnd = "# holdfast: end";
// The line after it is ours; what it replaced follows kInPlaceOf.
inline constexpr std::string_view kDefaultMark = "# holdfast: default";
inline constexpr std::string_view kInPlaceOf = ", in place of:";

}  // namespace holdfast::engine
