// Starting a monitor when none runs, by whoever needs it first: the hook or the shim.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "src/base/result.h"
#include "src/monitor/protocol.h"

namespace holdfast::monitor {

// BPF programs load in a second on hardware and in half a minute in an emulated machine.
inline constexpr std::chrono::milliseconds kStartTimeout{60000};

// Where the monitor listens and what to start when it does not.
struct Where {
  std::string socket = kDefaultSocketPath;
  std::string binary;  // the `holdfast` command; "": find_monitor_binary
  std::string config;  // holdfast.json, handed on as --config; "" for the default
  std::string sysfs_cgroup = "/sys/fs/cgroup";
};

// What the monitor writes to --ready-fd, one line, before it closes it: that it listens, or
// kErrorPrefix and a sentence. The sentence of one that finds another holding the lock begins with
// kRunningAlready: that one listens, or soon will.
inline constexpr std::string_view kReadyLine = "ready";
inline constexpr std::string_view kErrorPrefix = "error: ";
inline constexpr std::string_view kRunningAlready = "a monitor is running already";

// Path of the `holdfast` command: `configured` when not empty, else the one of the build tree that
// this program is in, else the installed one.
Result<std::string> find_monitor_binary(const std::string& configured);

// Starts `holdfast monitor --on-demand` and waits until one listens. The monitor is a stranger to
// the caller: not its child, in a session and a cgroup of its own, with none of its descriptors,
// environment or signal settings; what it says goes to monitor.log beside the socket (log_file.h).
// Several callers at once are fine: one monitor stays.
Status start_monitor(const Where& where, std::chrono::milliseconds timeout);

// The monitor's status; starts it first when nothing listens. Gives up at `deadline`, if its own
// patience lasts that long.
Result<Reply> ensure_running(const Where& where, std::chrono::steady_clock::time_point deadline =
                                                     std::chrono::steady_clock::time_point::max());

// Makes the monitor's cgroup below `sysfs_cgroup` and moves the calling process there. Success
// without doing anything where there is no cgroup v2.
Status enter_own_cgroup(const std::string& sysfs_cgroup);

}  // namespace holdfast::monitor
