// Bytes from the kernel and from /proc as text that is safe in JSON and on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::event {

// `bytes` as valid UTF-8. A path is bytes: every byte that is not part of a well-formed UTF-8
// sequence, every control character (C0, DEL and C1, which a terminal would obey) and the backslash
// is written as \xHH with two lower-case hexadecimal digits. So each \xHH in the result stands for
// one byte, and the original can be got back.
std::string printable(std::string_view bytes);

}  // namespace holdfast::event
