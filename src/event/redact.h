// Keeps passwords out of the alert file.
#pragma once

#include <string>
#include <vector>

namespace holdfast::event {

inline constexpr const char* kRedacted = "[redacted]";

// Command-line arguments with the usual secrets replaced by "[redacted]": the value of
// --password=…, TOKEN=…,
// --secret … and their kind, the password in scheme://user:password@host, and what follows
// "Authorization:". Looks into arguments of several words too (sh -c '…'). A best effort by name:
// what a program calls otherwise stays.
std::vector<std::string> redact(std::vector<std::string> arguments);

}  // namespace holdfast::event
