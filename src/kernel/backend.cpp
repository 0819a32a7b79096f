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
    "an attribute that a descriptor of a FIFO, socket or device changes"sv,
    "a change by a path through a symbolic link of another mount that is a few milliseconds old, or that leads through a link of /proc"sv,
    "code in all but the first area of an mprotect(2), and code mapped while another thread changes the address space"sv,
    "code that a process of the host maps from a container's file without executing it"sv,
    "the ELF interpreter (ld.so) that the kernel maps for a program"sv,
    "the class privilege.capability"sv,
    "a program outside the container's mounts that is executed, where the profile lists no programs"sv,
    "sockets that bind(2) makes in the root file system, and files that acct(2) and swapon(2) open"sv,
    "bpf(2) and perf_event_open(2) without a capability, where sysctls allow that"sv,
    "files that fanotify(7) hands out"sv,
    "datagrams sent to a control socket, those sent by write(2), and all but the first of sendmmsg(2)"sv,
    "the system calls that x32 has numbers of its own for (512 to 547), where the kernel has x32"sv,
    "ioctl(2) commands that open files of XFS by handle"sv,
    "signals to the monitor that are refused"sv,
    "before Linux 6.2, whose a traced process or a listening daemon is: the first is told by its mount namespace, the second always taken for the host's"sv,
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
