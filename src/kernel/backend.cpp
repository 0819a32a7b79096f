#include <algorithm>
#include <array>

#include "src/kernel/kernel.h"

namespace holdfast::kernel {

namespace {

using namespace std::string_view_literals;

constexpr std::array kUnseenByTracepoints = {
    "what io_uring requests open, change or connect to"sv,
    "an execution that fails; one that succeeds is told when the new program is in place"sv,
    "an attempt to open or change a file that fails, unless a read-only mount refused it"sv,
    "paths and addresses that another thread exchanges while the call goes on: they are read when it is over"sv,
    "descriptors that another thread replaces while the call goes on, and directories renamed right after it"sv,
    "links, renames, deletions and changed attributes by path for file.sensitive, tamper.monitor and escape.runtime-overwrite: only opened files count"sv,
    "code that a process of the host maps from a container's file without executing it"sv,
    "the ELF interpreter (ld.so) that the kernel maps for a program"sv,
    "the class privilege.capability"sv,
    "datagrams sent to a control socket, those sent by write(2), and all but the first of sendmmsg(2)"sv,
    "ioctl(2) commands that open files of XFS by handle"sv,
    "signals to the monitor that are refused"sv,
    "before Linux 6.2, who a traced process belongs to, but by its mount namespace"sv,
};

}  // namespace

std::span<const std::string_view> blind_spots(Backend backend) {
  return backend == Backend::kTracepoint ? std::span<const std::string_view>(kUnseenByTracepoints)
                                         : std::span<const std::string_view>();
}

const char* backend_name(Backend backend) {
  switch (backend) {
    case Backend::kLsm:
      return "lsm";
    case Backend::kModifyReturn:
      return "modify-return";
    case Backend::kTracepoint:
      return "tracepoint";
  }
  return "";
}

std::optional<Backend> backend_of(std::string_view name) {
  const auto* found = std::ranges::find_if(
      kBackends, [name](Backend backend) { return backend_name(backend) == name; });
  return found == kBackends.end() ? std::nullopt : std::optional(*found);
}

bool backend_enforces(Backend backend) { return backend != Backend::kTracepoint; }

}  // namespace holdfast::kernel
