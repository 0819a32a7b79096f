#include "src/monitor/answers.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include <fmt/core.h>

#include "src/base/clock.h"

namespace holdfast::monitor {
namespace {

// Whether the peer is in our pid namespace. Root in a container has the uid 0 as well; a socket
// that somebody mounted into it must not let it unregister itself.
bool is_host_process(pid_t pid) {
  struct stat ours {};
  struct stat theirs {};
  const std::string path = fmt::format("/proc/{}/ns/pid", pid);
  return stat("/proc/self/ns/pid", &ours) == 0 && stat(path.c_str(), &theirs) == 0 &&
         ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

// What ordinary users may ask about containers of their own.
bool is_for_users(Request::Op op) {
  switch (op) {
    case Request::Op::kStatus:
    case Request::Op::kRegister:
    case Request::Op::kUnregister:
    case Request::Op::kExec:
    case Request::Op::kList:
    case Request::Op::kRespond:
    case Request::Op::kAlerts:
      return true;
    case Request::Op::kMetrics:
    case Request::Op::kReload:
      return false;
  }
  return false;
}

// Why the peer gets no answer; "" where it does.
std::string refusal_of(Request::Op op, const Peer& peer) {
  if (peer.uid != 0 && !is_for_users(op)) {
    return fmt::format("only root may ask for that: pid {} is of the user {}; use sudo", peer.pid,
                       peer.uid);
  }
  if (!is_host_process(peer.pid)) {
    return fmt::format("pid {} asks from inside a container (another pid namespace)", peer.pid);
  }
  return "";
}

kernel::OpenFile rootfs_of(const Request& request, const Peer& peer) {
  return request.rootfs_fd ? kernel::OpenFile{peer.pid, *request.rootfs_fd} : kernel::OpenFile{};
}

Registration owned_by(const Peer& peer, Registration registration) {
  registration.owner = peer.uid;
  return registration;
}

}  // namespace

Reply Answers::answer(const Request& request, const Peer& peer) {
  if (request.op == Request::Op::kStatus) {
    return status();
  }
  if (std::string why = refusal_of(request.op, peer); !why.empty()) {
    Reply reply;
    reply.error = std::move(why);
    return reply;
  }
  switch (request.op) {
    case Request::Op::kRegister:
      return register_container(owned_by(peer, request.registration), rootfs_of(request, peer));
    case Request::Op::kUnregister:
      return unregister(key_of(peer.uid, request.id), request.pid);
    case Request::Op::kExec:
      return judge_exec(request, peer);
    case Request::Op::kRespond:
      return respond(request, peer);
    case Request::Op::kMetrics:
      return metrics();
    case Request::Op::kReload:
      return reload(peer);
    case Request::Op::kList:
      return list(request.after, peer);
    case Request::Op::kAlerts:
      return alerts(request.after, peer);
    case Request::Op::kStatus:
      break;
  }
  return status();
}

Reply Answers::register_container(const Registration& registration,
                                  const kernel::OpenFile& rootfs) {
  const std::string key = key_of(registration);
  // A hook that runs twice for one container tells it again.
  const Entry* known = registry_.find(key);
  const std::uint32_t generation = known == nullptr ? 0 : known->slot.generation;
  const std::uint64_t began_ns = base::boot_now_ns();
  const Result<std::uint32_t> slot = guard_.add(registration, rootfs);
  pipeline_.counters().registered(slot.ok(), base::boot_now_ns() - began_ns);
  Reply reply = status();
  if (!slot.ok()) {
    reply.error = slot.error().message;
    return reply;
  }
  const Entry& entry = *registry_.find(key);
  if (known == nullptr || entry.slot.generation != generation) {
    pipeline_.tell_admissions(entry);
  }
  reply.slot = slot.value();
  return reply;
}

Reply Answers::unregister(const std::string& key, std::int32_t pid) {
  pipeline_.drain();
  const Status removed = guard_.release(key, pid);
  responses_.tidy();
  pipeline_.container_gone();
  Reply reply = status();
  if (!removed.ok()) {
    reply.error = removed.error().message;
  }
  return reply;
}

// The shim asks, and does what we say.
Reply Answers::judge_exec(const Request& request, const Peer& peer) {
  const Exec& exec = request.exec;
  Reply reply = status();
  const Entry* entry = registry_.find(key_of(peer.uid, request.id));
  if (entry == nullptr) {
    return reply;
  }
  const profile::ExecInto& rule = entry->registration.exec_into;
  const std::string program = exec.args.empty() ? "" : exec.args.front();
  const int action = profile::judge_exec(rule, program);
  if (action != HF_OFF) {
    pipeline_.tell_exec(*entry, exec, action, peer.pid);
  }
  if (action >= HF_DENY) {
    reply.refused = profile::exec_refusal(rule, program);
  }
  return reply;
}

Reply Answers::respond(const Request& request, const Peer& peer) {
  Result<Responded> responded = responses_.answer(request, peer);
  Reply reply = status();
  if (responded.ok()) {
    reply.responded = std::move(responded).value();
  } else {
    reply.error = responded.error().message;
  }
  return reply;
}

Reply Answers::reload(const Peer& peer) {
  const Result<std::size_t> changed =
      reload_({static_cast<std::uint32_t>(peer.pid), static_cast<std::uint32_t>(peer.uid), {}, {}});
  Reply reply = status();
  if (changed.ok()) {
    reply.changed = static_cast<std::uint32_t>(changed.value());
  } else {
    reply.error = changed.error().message;
  }
  return reply;
}

Reply Answers::list(std::uint64_t after, const Peer& peer) const {
  Reply reply = status();
  reply.containers = registry_.list(after, peer.uid);
  return reply;
}

Reply Answers::alerts(std::uint64_t after, const Peer& peer) const {
  Reply reply = status();
  reply.alerts = pipeline_.recent().of(peer.uid, after);
  return reply;
}

Reply Answers::status() const {
  Reply reply;
  reply.backend = kernel::backend_name(kernel_.backend());
  reply.enforcing = kernel::backend_enforces(kernel_.backend());
  reply.pid = getpid();
  reply.count = static_cast<std::uint32_t>(registry_.entries().size());
  return reply;
}

Reply Answers::metrics() const {
  Reply reply = status();
  reply.metrics = pipeline_.metrics();
  return reply;
}

}  // namespace holdfast::monitor
