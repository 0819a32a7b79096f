#include "shim/exec_into.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shim/refuse.h"
#include "src/base/beneath.h"
#include "src/monitor/client.h"
#include "src/monitor/known.h"
#include "src/oci/spec.h"
#include "src/profile/user.h"

namespace holdfast::shim {
namespace {

// Somebody waits for a shell, or a health check for its answer.
constexpr std::chrono::milliseconds kPatience{3000};

// Whether a container is under guard, by the monitor's files. They are root's: users ask.
using IsKnown = std::function<bool(const std::string& id)>;

IsKnown known_to(const std::string& socket) {
  if (profile::own_user() == 0) {
    return [socket](const std::string& id) { return monitor::is_known(socket, id); };
  }
  std::set<std::string> own;
  const auto listed = monitor::list_containers(socket, kPatience);
  if (!listed.ok() && !monitor::nobody_listens(socket)) {
    warn(listed.error().message + "; this exec is in no record");
  }
  for (const monitor::ListedContainer& one :
       listed.ok() ? listed.value() : std::vector<monitor::ListedContainer>()) {
    own.insert(one.container.id);
  }
  return [own = std::move(own)](const std::string& id) { return own.contains(id); };
}

// The container's place in the words: the first that is under guard. Where all options are known it
// is the first word, or none.
std::optional<std::size_t> find_container(const CommandLine& line, const IsKnown& is_known) {
  const std::size_t candidates = line.options_known ? 1 : line.words.size();
  for (std::size_t at = 0; at < candidates; ++at) {
    if (is_known(line.words[at])) {
      return at;
    }
  }
  return std::nullopt;
}

// What the process document asks for. Only a regular file is read: a pipe would be empty for the
// runtime then. Nothing where it cannot be told.
std::optional<oci::Process> read_document(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const auto file = base::read_beneath(folder, name, oci::kSpecLimits.max_bytes);
  if (!file.ok()) {
    return std::nullopt;
  }
  auto process = oci::parse_process(file.value().bytes, path);
  return process.ok() ? std::optional(std::move(process).value()) : std::nullopt;
}

monitor::Exec bounded(std::vector<std::string> args) {
  monitor::Exec exec;
  exec.args_truncated = args.size() > monitor::kMaxExecArgs;
  args.resize(std::min(args.size(), monitor::kMaxExecArgs));
  for (std::string& argument : args) {
    exec.args_truncated = exec.args_truncated || argument.size() > monitor::kMaxExecArgBytes;
    argument.resize(std::min(argument.size(), monitor::kMaxExecArgBytes));
  }
  exec.args = std::move(args);
  return exec;
}

monitor::Exec exec_of(const CommandLine& line, std::size_t container) {
  if (line.process.empty()) {
    const auto first = line.words.begin() + static_cast<std::ptrdiff_t>(container) + 1;
    monitor::Exec exec = bounded({first, line.words.end()});
    exec.user = line.user.substr(0, monitor::kMaxExecArgBytes);
    exec.cwd = line.cwd.substr(0, monitor::kMaxExecArgBytes);
    return exec;
  }
  const std::optional<oci::Process> process = read_document(line.process);
  if (!process) {
    return {};
  }
  monitor::Exec exec = bounded(process->args);
  exec.user = std::to_string(process->user.uid) + ":" + std::to_string(process->user.gid);
  exec.cwd = process->cwd.substr(0, monitor::kMaxExecArgBytes);
  return exec;
}

// Without the monitor.
Status judge_by_file(const std::string& socket, const std::string& id, const monitor::Exec& exec,
                     const std::string& why) {
  const auto rule = monitor::read_exec_into(socket, id);
  if (!rule.ok()) {
    return fail(why + ", and what the profile says is not to be read: " + rule.error().message);
  }
  const std::string program = exec.args.empty() ? "" : exec.args.front();
  if (profile::judge_exec(rule.value(), program) >= HF_DENY) {
    return fail(profile::exec_refusal(rule.value(), program) + " (" + why + ")");
  }
  if (rule.value().action != HF_OFF) {
    warn(why + "; this exec is in no record");
  }
  return Ok{};
}

}  // namespace

Status judge_exec(const CommandLine& line, const profile::Config& config) {
  const std::string& socket = config.monitor.socket;
  const std::optional<std::size_t> container = find_container(line, known_to(socket));
  if (!container) {
    return Ok{};
  }
  monitor::Request request;
  request.op = monitor::Request::Op::kExec;
  request.id = line.words[*container];
  request.exec = exec_of(line, *container);
  const auto reply = monitor::call(socket, request, kPatience);
  if (!reply.ok()) {
    return judge_by_file(socket, request.id, request.exec, reply.error().message);
  }
  return reply.value().refused.empty() ? Status(Ok{}) : Status(fail(reply.value().refused));
}

}  // namespace holdfast::shim
