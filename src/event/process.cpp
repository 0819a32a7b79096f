#include "src/event/process.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "src/base/process.h"
#include "src/base/unique_fd.h"
#include "src/event/proc.h"
#include "src/event/redact.h"

namespace holdfast::event {

namespace {

// Of /proc/PID/status: some sixty short lines.
constexpr std::size_t kMaxStatusBytes = 4096;

// Adds `pid`, parent of `child`, and those above it. `start_ticks` is the child's: nobody is
// younger than its child, so a younger "parent" is a reused pid.
void read_ancestors(const std::string& proc_root, std::vector<Ancestor>& ancestors, pid_t child,
                    pid_t pid, std::uint64_t start_ticks, pid_t container_init) {
  while (pid > 0 && child != container_init && ancestors.size() < kMaxAncestors) {
    const base::UniqueFd directory = open_process(proc_root, pid);
    const std::optional<base::ProcessStat> stat =
        directory.valid() ? stat_at(directory.get()) : std::nullopt;
    if (!stat || stat->start_ticks > start_ticks) {
      break;
    }
    start_ticks = stat->start_ticks;
    ancestors.push_back({pid, link_at(directory.get(), "exe"), comm_at(directory.get())});
    child = pid;
    pid = stat->parent;
  }
}

// Of the text of /proc/PID/status: the numbers behind `key`, such as "Uid:".
std::uint64_t status_number(const std::string& status, std::string_view key, int base) {
  const std::size_t line = status.find(fmt::format("\n{}\t", key));
  return line == std::string::npos
             ? 0
             : std::strtoull(status.c_str() + line + key.size() + 2, nullptr, base);
}

// loginuid is -1 where no login was recorded (audit_login_user, pam_loginuid(8)).
std::optional<std::uint32_t> login_uid_at(int directory) {
  constexpr std::uint32_t kUnset = 0xffffffff;
  const std::string text = read_at(directory, "loginuid", 16);
  const auto uid = static_cast<std::uint32_t>(std::strtoul(text.c_str(), nullptr, 10));
  return text.empty() || uid == kUnset ? std::nullopt : std::optional(uid);
}

Process from_kernel(Event& event) {
  Process process;
  process.pid = static_cast<pid_t>(event.tgid);
  process.ppid = static_cast<pid_t>(event.ppid);
  process.container_pid = static_cast<pid_t>(event.container_pid);
  process.start_ns = event.task_start_ns;
  process.exec_id = event.exec_id;
  process.exe_ino = event.exe_ino;
  process.exe_dev = event.exe_dev;
  process.uid = event.uid;
  process.gid = event.gid;
  process.caps = event.cap_effective;
  process.comm = event.comm;
  process.exe = event.exe;
  process.argv = redact(std::move(event.argv));
  process.argv_truncated = (event.flags & HF_EVENT_ARGS_TRUNCATED) != 0;
  process.upper_layer = (event.flags & HF_EVENT_UPPER_LAYER) != 0;
  process.gone = true;
  return process;
}

}  // namespace

ProcessReader::ProcessReader(std::string proc_root)
    : proc_root_(std::move(proc_root)),
      tick_ns_(1'000'000'000ULL / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK))) {}

Process ProcessReader::read_living(pid_t pid, bool with_arguments) const {
  Process process;
  process.pid = pid;
  const base::UniqueFd directory = open_process(proc_root_, pid);
  const std::optional<base::ProcessStat> stat =
      directory.valid() ? stat_at(directory.get()) : std::nullopt;
  process.gone = !stat;
  if (!stat) {
    return process;
  }
  const std::string status = read_at(directory.get(), "status", kMaxStatusBytes);
  process.ppid = stat->parent;
  process.uid = static_cast<std::uint32_t>(status_number(status, "Uid:", 10));
  process.gid = static_cast<std::uint32_t>(status_number(status, "Gid:", 10));
  process.caps = status_number(status, "CapEff:", 16);
  process.login_uid = login_uid_at(directory.get());
  process.comm = comm_at(directory.get());
  process.exe = link_at(directory.get(), "exe");
  if (with_arguments) {
    process.argv = arguments_at(directory.get(), HF_EVENT_ARGS_MAX);
  }
  process.cwd = link_at(directory.get(), "cwd");
  read_ancestors(proc_root_, process.ancestors, pid, process.ppid, stat->start_ticks, 0);
  return process;
}

Process ProcessReader::read(Event& event, pid_t container_init) const {
  Process process = from_kernel(event);
  const std::uint64_t start_ticks = event.task_start_ns / tick_ns_;
  const base::UniqueFd directory = open_process(proc_root_, process.pid);
  const std::optional<base::ProcessStat> stat =
      directory.valid() ? stat_at(directory.get()) : std::nullopt;
  // A pid is reused within seconds on a busy host; telling a stranger's command line would accuse
  // the innocent.
  // A zombie still has its pid, and nothing else to tell.
  if (stat && stat->start_ticks == start_ticks && stat->state != 'Z' && stat->state != 'X') {
    process.gone = false;
    process.cwd = link_at(directory.get(), "cwd");
    if (process.exe.empty()) {
      process.exe = link_at(directory.get(), "exe");
    }
  }
  process.ancestors = ancestors_of(event, container_init);
  return process;
}

Ancestor ProcessReader::look_up(const hf_ancestor& sent) const {
  Ancestor ancestor{static_cast<pid_t>(sent.tgid), "", "", sent.start_ns, sent.exec_id};
  const base::UniqueFd directory = open_process(proc_root_, ancestor.pid);
  const std::optional<base::ProcessStat> stat =
      directory.valid() ? stat_at(directory.get()) : std::nullopt;
  if (stat && stat->start_ticks == sent.start_ns / tick_ns_) {
    ancestor.exe = link_at(directory.get(), "exe");
    ancestor.comm = comm_at(directory.get());
  }
  return ancestor;
}

std::vector<Ancestor> ProcessReader::ancestors_of(const Event& event, pid_t container_init) const {
  std::vector<Ancestor> ancestors;
  pid_t last = static_cast<pid_t>(event.tgid);
  for (const hf_ancestor& sent : event.ancestors) {
    if (sent.tgid == 0 || last == container_init) {
      break;
    }
    ancestors.push_back(look_up(sent));
    last = ancestors.back().pid;
  }
  if (ancestors.empty()) {
    read_ancestors(proc_root_, ancestors, last, static_cast<pid_t>(event.ppid),
                   event.task_start_ns / tick_ns_, container_init);
  } else if (ancestors.size() == HF_ANCESTORS) {
    const std::uint64_t start_ticks = ancestors.back().start_ns / tick_ns_;
    const Result<base::ProcessStat> stat = base::process_stat(proc_root_, last);
    if (stat.ok() && stat.value().start_ticks == start_ticks) {
      read_ancestors(proc_root_, ancestors, last, stat.value().parent, start_ticks, container_init);
    }
  }
  return ancestors;
}

}  // namespace holdfast::event
