// What travels over the monitor's socket: /run/holdfast/monitor.sock, SOCK_SEQPACKET, one JSON
// object a packet each way, at most kMaxMessageBytes. Every request has "version" and "op":
//
//   {"version":1,"op":"status"}
//     -> {"version":1,"ok":true,"backend":"lsm","enforcing":true,"pid":N,"count":N}
//   {"version":1,"op":"register","container":{…Container…},"pid":N,"rootfs":"/abs","cgroup":"/abs","policy":{…},
//    "exceptions":[{"class","exe","path","reason"}],"admissions":[{"what","asks"}],
//    "exec_into":{"action":"alert","allow":["/abs"]},
//    "respond":["alert",…],  (eight, by severity from emergency to debug; may be missing)
//    "has_deciding":true,    (no annotation that decides about the policy is left out)
//    "rootfs_fd":N}          (the peer's own descriptor of the rootfs; an ordinary user's must have
//    it)
//     -> {"version":1,"ok":true,"slot":N,"backend":"lsm"}
//   {"version":1,"op":"unregister","id":"…","pid":N}  (idempotent; unknown ids are fine)
//     -> {"version":1,"ok":true}
//     "pid" is the container's init. A container of that id with another init is another container
//     (two runtimes, or two roots of one) and stays; without "pid" it is forgotten only when its
//     init has ended.
//   {"version":1,"op":"exec","id":"…","args":["…"],"cwd":"…","user":"…"}  (a program is about to be
//   started in the container; told, and judged by the profile)
//     -> {"version":1,"ok":true,"refused":"one sentence"}  (empty: it may)
//   {"version":1,"op":"list","after":0}             (containers of a slot above "after", by rising
//   slot)
//     ->
//     {"version":1,"ok":true,"containers":[{"container":{…},"slot":N,"pid":N,"cgroup":"/…","user":N}],"more":false}
//     ("user": who registered it, where that is not root)
//     as many as a packet holds; "more" says that a request with "after":<the last slot> has others
//   {"version":1,"op":"respond","id":"…","response":"freeze","pid":N}  ("pid": of kill-process
//   only)
//     -> {"version":1,"ok":true,"response":{"number":N,"state":"done","failure":"…","incident":"…",
//   "incident_failure":"…"}}
//     "state" is "pending", "done" or "failed". How a pending one went is asked for with
//   {"version":1,"op":"respond","number":N}
//   {"version":1,"op":"metrics"}
//     -> {"version":1,"ok":true,…as of status…,"metrics":{…}}  (as src/monitor/metrics.cpp has it)
//
//   {"version":1,"op":"alerts","after":0}  (the newest alerts of the peer's own containers, those
//   of a number above "after"; of an ordinary user's only: root reads the log)
//     -> {"version":1,"ok":true,"alerts":[{"number":N,"line":"{…}"}],"more":false}
//
//   {"version":1,"op":"reload"}  (read configuration and profiles again, as on SIGHUP)
//     -> {"version":1,"ok":true,…as of status…,"changed":N}  (containers with another policy now)
//
// {…Container…} is {"id","name","image","profile","mode","engine","bundle","annotations":{}}; the
// policy is as src/profile/policy_json.h says.
//
// A failure is {"version":1,"ok":false,"error":"one sentence"}.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/monitor/metrics.h"
#include "src/profile/admit.h"
#include "src/profile/exec_into.h"
#include "src/profile/policy.h"
#include "src/profile/respond.h"

namespace holdfast::monitor {

inline constexpr int kProtocolVersion = 1;
// Room for config.json's annotations and the policy; a SEQPACKET of this size fits every default
// wmem.
inline constexpr std::size_t kMaxMessageBytes = std::size_t{128} * 1024;
inline constexpr const char* kDefaultSocketPath = "/run/holdfast/monitor.sock";

// Of an annotation that alerts show, its key included.
inline constexpr std::size_t kMaxToldAnnotationBytes = 1024;

// Who a container is: what alerts say about it. Known at creation, never guessed later.
struct Container {
  std::string id;
  std::string name;
  std::string image;
  std::string profile;
  std::string mode;    // enforce, detect, off
  std::string engine;  // podman, containerd, crio, docker, buildah, or "" for a bare runtime
  std::string bundle;  // absolute
  std::map<std::string, std::string> annotations;  // profile::is_deciding() ones, and what fits
};

struct Registration {
  Container container;
  std::int32_t pid = 0;  // the container's init, in the host's pid namespace
  std::string rootfs;    // absolute path on the host
  std::string
      cgroup;  // path below the cgroup v2 mount, from /proc/PID/cgroup; "" where there is none
  profile::Policy policy;
  std::vector<profile::Exception> exceptions;
  std::vector<profile::Admission> admissions;  // to be told
  profile::ExecInto exec_into;
  profile::Responses respond{};
  // Whether no annotation that profile::is_deciding() was left out, as former versions did with
  // long ones.
  bool has_deciding = true;
  // The ordinary user who asked, from the peer's credentials: never in a message. 0: root.
  std::uint32_t owner = 0;
};

// What tells a container from all others: ids are unique for one user at most. A user's has a
// slash, which no id has.
std::string key_of(std::uint32_t owner, const std::string& id);
std::string key_of(const Registration& registration);

// A program that `exec` of a runtime is about to start in a container.
struct Exec {
  std::vector<std::string> args;  // at most kMaxExecArgs of at most kMaxExecArgBytes; none where
                                  // it cannot be told
  bool args_truncated = false;
  std::string cwd;   // "" for the container's own
  std::string user;  // "UID" or "UID:GID" inside the container; "" for the container's own
};

inline constexpr std::size_t kMaxExecArgs = 64;
inline constexpr std::size_t kMaxExecArgBytes = 1024;

struct Request {
  enum class Op {
    kStatus,
    kRegister,
    kUnregister,
    kExec,
    kList,
    kRespond,
    kMetrics,
    kReload,
    kAlerts,
  };
  Op op = Op::kStatus;
  Registration registration;  // kRegister
  // kRegister: the descriptor by which the peer itself has the root file system open, for the path
  // may lead elsewhere in the monitor's mount namespace. A user's must be named so; where root
  // names none, as former hooks do, the path counts.
  std::optional<std::uint32_t> rootfs_fd;
  std::string id;           // kUnregister, kExec, kRespond
  std::int32_t pid = 0;     // kUnregister; 0: not known. kRespond: of the process to be killed
  std::uint64_t after = 0;  // kList: a slot; kAlerts: a number
  Exec exec;                // kExec
  profile::Response response = profile::Response::kAlert;  // kRespond
  std::uint64_t number = 0;  // kRespond: not 0 to ask how that one went
};

struct NamedOp {
  Request::Op op;
  const char* name;
};

// As "op" names them.
inline constexpr std::array<NamedOp, 9> kOps{{
    {Request::Op::kStatus, "status"},
    {Request::Op::kRegister, "register"},
    {Request::Op::kUnregister, "unregister"},
    {Request::Op::kExec, "exec"},
    {Request::Op::kList, "list"},
    {Request::Op::kRespond, "respond"},
    {Request::Op::kMetrics, "metrics"},
    {Request::Op::kReload, "reload"},
    {Request::Op::kAlerts, "alerts"},
}};

struct ListedContainer {
  Container container;
  std::uint32_t slot = 0;
  std::int32_t pid = 0;
  std::string cgroup;
  std::uint32_t user = 0;  // who registered it; 0: root
};

// How a response stands.
struct Responded {
  std::uint64_t number = 0;  // 0: the reply is about none
  std::string state;         // "pending", "done", "failed"
  std::string failure;       // a sentence
  std::string incident;      // directory of what a frozen container was doing
  std::string incident_failure;
};

// An alert of the peer's own containers.
struct ToldAlert {
  std::uint64_t number = 0;  // rises
  std::string line;          // JSON
};

struct Reply {
  std::string error;       // empty: success
  std::string backend;     // lsm, modify-return, tracepoint
  bool enforcing = false;  // whether this back end can refuse an operation
  std::int32_t pid = 0;    // the monitor's
  std::string refused;     // why the profile does not let a program in; empty: it may
  std::uint32_t slot = 0;
  std::uint32_t count = 0;                  // registered containers
  std::uint32_t changed = 0;                // of these, that have another policy since kReload
  std::vector<ListedContainer> containers;  // by rising slot
  std::vector<ToldAlert> alerts;            // by rising number
  bool more = false;                        // a list was cut to what a packet holds
  Responded responded;
  std::optional<Metrics> metrics;
};

// Both directions, checked once: sizes, depth, types, version. A decoding error is a sentence for
// the peer. A list that is too long for a packet is cut, and says so; anything else is as long as
// it is (the sender checks).
std::string encode(const Request& request);
std::string encode(const Reply& reply);
Result<Request> decode_request(const std::string& bytes);
Result<Reply> decode_reply(const std::string& bytes);

}  // namespace holdfast::monitor
