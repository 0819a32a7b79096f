#include "src/profile/sections.h"

#include <algorithm>

#include "src/base/capability.h"
#include "src/base/path.h"
#include "src/base/quote.h"
#include "src/profile/peer.h"
#include "src/profile/read.h"

namespace holdfast::profile {
namespace {

constexpr std::int64_t kMaxPort = 65535;

// Severities in syslog's numbers plus one, as events carry them.
constexpr std::initializer_list<std::pair<const char*, int>> kSeverities = {
    {"emergency", 1}, {"alert", 2},  {"critical", 3},      {"error", 4},
    {"warning", 5},   {"notice", 6}, {"informational", 7}, {"debug", 8}};

Status check_count(const JsonView& list, std::size_t count) {
  return count <= kMaxRules ? Status(Ok{})
                            : Status(list.error(fmt::format("has more than {} rules", kMaxRules)));
}

Status read_access(const JsonView& view, bool& reads, bool& writes) {
  const auto access = view.find("access");
  if (!access) {
    reads = writes = true;
    return Ok{};
  }
  for (const JsonView& item : TRY(access->items())) {
    const std::string word = TRY(item.string());
    if (word != "read" && word != "write") {
      return item.error(fmt::format("\"{}\" is not one of read, write", base::shown(word)));
    }
    reads = reads || word == "read";
    writes = writes || word == "write";
  }
  return reads || writes ? Status(Ok{})
                         : Status(access->error("is empty; name read, write or both"));
}

Result<FileRule> read_file(const JsonView& view) {
  TRY(view.must_be_object());
  TRY(view.only_keys({"path", "access", "action", "severity"}));
  FileRule rule;
  rule.path = TRY(view.need_string("path", "name a file or directory"));
  if (const std::string problem = path_problem(rule.path); !problem.empty()) {
    return view.error_at("path", problem);
  }
  bool reads = false;
  bool writes = false;
  TRY(read_access(view, reads, writes));
  int action = HF_ALERT;
  TRY(read_action(view, "action", action));
  rule.read = static_cast<std::uint8_t>(reads ? action : HF_OFF);
  rule.write = static_cast<std::uint8_t>(writes ? action : HF_OFF);
  int severity = 0;
  TRY(read_word<int>(view, "severity", kSeverities, severity));
  rule.severity = static_cast<std::uint8_t>(severity);
  return rule;
}

// Two rules for one path would be one key in the kernel: the first would be lost without a word.
Status add_file(const JsonView& view, FileRule rule, Profile& profile) {
  const auto same = [&](const FileRule& other) { return other.path == rule.path; };
  if (std::ranges::any_of(profile.files, same)) {
    return view.error_at("path",
                         fmt::format("\"{}\" has a rule already; put both into one", rule.path));
  }
  profile.files.push_back(std::move(rule));
  return Ok{};
}

Result<PeerRule> read_peer(const JsonView& item) {
  const std::string text = TRY(item.string());
  Result<PeerRule> peer = parse_peer(text);
  return peer.ok() ? std::move(peer) : Result<PeerRule>(item.error(peer.error().message));
}

Result<PeerRule> read_port(const JsonView& item) {
  const std::int64_t port = TRY(item.integer());
  if (port < 1 || port > kMaxPort) {
    return item.error("is not a port; give a number from 1 to 65535");
  }
  PeerRule rule;
  rule.use = HF_NETWORK_LISTEN;
  rule.port = static_cast<std::uint16_t>(port);
  return rule;
}

// The member `key` of network, whose `allow` has items that `read` understands.
Status read_use(const JsonView& view, const char* key, hf_network_use use,
                Result<PeerRule> (*read)(const JsonView&), Profile::Network& network) {
  const auto member = view.find(key);
  if (!member) {
    return Ok{};
  }
  TRY(member->only_keys({"allow", "otherwise"}));
  TRY(read_action(*member, "otherwise", network.otherwise.at(use)));
  const auto allow = member->find("allow");
  if (!allow) {
    return Ok{};
  }
  for (const JsonView& item : TRY(allow->items())) {
    network.allow.push_back(TRY(read(item)));
  }
  return Ok{};
}

std::string capability_problem(const std::string& name) {
  return std::ranges::count(base::kCapabilities, std::string_view(name)) != 0
             ? ""
             : fmt::format(
                   "\"{}\" is not a capability; write it as in capabilities(7), "
                   "\"CAP_NET_BIND_SERVICE\"",
                   base::shown(name));
}

// What a container may ask of the host is given or not: it has no errno, and no signal.
Status read_admission(const JsonView& view, const char* key, int& out) {
  return read_word<int>(view, key, {{"off", HF_OFF}, {"alert", HF_ALERT}, {"deny", HF_DENY}}, out);
}

Status read_mounts(const JsonView& view, Profile::Admit& admit) {
  const auto mounts = view.find("mounts");
  if (!mounts) {
    return Ok{};
  }
  TRY(mounts->only_keys({"deny", "alert"}));
  TRY(read_judged(*mounts, "deny", path_problem, admit.deny_mounts));
  TRY(read_judged(*mounts, "alert", path_problem, admit.alert_mounts));
  return check_count(*mounts, admit.deny_mounts.size() + admit.alert_mounts.size());
}

Status read_glob(const JsonView& view, const char* key, std::string& out) {
  const auto member = view.find(key);
  if (!member) {
    return Ok{};
  }
  out = TRY(member->string());
  if (out.empty() || out.size() > kMaxExceptionBytes) {
    return member->error(fmt::format("must have 1 to {} bytes; {}", kMaxExceptionBytes,
                                     std::string_view(key) == "reason"
                                         ? "say why it is ordinary"
                                         : "leave it out where it does not matter"));
  }
  return Ok{};
}

bool fits_a_class(const std::string& glob) {
  for (std::uint32_t id = 1; id < HF_CLASS_COUNT; ++id) {
    if (base::glob_match(glob, class_name(id))) {
      return true;
    }
  }
  return false;
}

Status check_globs(const JsonView& view, const Exception& exception) {
  if (!exception.class_name.empty() && !fits_a_class(exception.class_name)) {
    return view.error_at("class",
                         fmt::format("\"{}\" fits no class of event; write one as alerts do, "
                                     "\"file.sensitive\" or \"rootfs.*\"",
                                     base::shown(exception.class_name)));
  }
  for (const auto& [key, glob] :
       {std::pair("exe", &exception.exe), std::pair("path", &exception.path)}) {
    if (!glob->empty() && glob->front() != '/' && glob->front() != '*') {
      return view.error_at(key, fmt::format("\"{}\" fits no absolute path; begin it with a slash",
                                            base::shown(*glob)));
    }
  }
  if (exception.class_name.empty() && exception.exe.empty() && exception.path.empty()) {
    return view.error("would fit every alert; name a class, an exe or a path");
  }
  return Ok{};
}

Result<Exception> read_exception(const JsonView& view) {
  TRY(view.must_be_object());
  TRY(view.only_keys({"class", "exe", "path", "reason"}));
  Exception exception;
  TRY(read_glob(view, "class", exception.class_name));
  TRY(read_glob(view, "exe", exception.exe));
  TRY(read_glob(view, "path", exception.path));
  exception.reason = TRY(view.need_string("reason", "say why this is ordinary for the container"));
  TRY(read_glob(view, "reason", exception.reason));
  TRY(check_globs(view, exception));
  return exception;
}

}  // namespace

Status read_exec(const JsonView& view, Profile& profile) {
  const auto exec = view.find("exec");
  if (!exec) {
    return Ok{};
  }
  TRY(exec->only_keys({"allow", "otherwise"}));
  TRY(read_action(*exec, "otherwise", profile.exec.otherwise));
  TRY(read_judged(*exec, "allow", path_problem, profile.exec.allow));
  return check_count(*exec, profile.exec.allow.size());
}

Status read_files(const JsonView& view, Profile& profile) {
  const auto files = view.find("files");
  if (!files) {
    return Ok{};
  }
  for (const JsonView& item : TRY(files->items())) {
    FileRule rule = TRY(read_file(item));
    TRY(add_file(item, std::move(rule), profile));
  }
  return check_count(*files, profile.files.size());
}

Status read_network(const JsonView& view, Profile& profile) {
  const auto network = view.find("network");
  if (!network) {
    return Ok{};
  }
  TRY(network->only_keys({"connect", "listen", "raw"}));
  TRY(read_use(*network, "connect", HF_NETWORK_CONNECT, read_peer, profile.network));
  TRY(read_use(*network, "listen", HF_NETWORK_LISTEN, read_port, profile.network));
  TRY(read_action(*network, "raw", profile.network.otherwise[HF_NETWORK_RAW]));
  return check_count(*network, profile.network.allow.size());
}

Status read_capabilities(const JsonView& view, Profile& profile) {
  const auto capabilities = view.find("capabilities");
  if (!capabilities) {
    return Ok{};
  }
  TRY(capabilities->only_keys({"allow", "otherwise"}));
  TRY(read_action(*capabilities, "otherwise", profile.capabilities.otherwise));
  std::vector<std::string> names;
  TRY(read_judged(*capabilities, "allow", capability_problem, names));
  profile.capabilities.allow = base::capability_bits(names);
  return Ok{};
}

Status read_process(const JsonView& view, Profile& profile) {
  const auto process = view.find("process");
  if (!process) {
    return Ok{};
  }
  TRY(process->only_keys({"setuid", "injection", "reverse_shell"}));
  TRY(read_action(*process, "setuid", profile.process.setuid));
  TRY(read_action(*process, "injection", profile.process.injection));
  return read_action(*process, "reverse_shell", profile.process.reverse_shell);
}

Status read_admit(const JsonView& view, Profile& profile) {
  const auto member = view.find("admit");
  if (!member) {
    return Ok{};
  }
  TRY(member->only_keys({"privileged", "host_namespaces", "capabilities", "devices",
                         "unmasked_paths", "root_user", "control_sockets", "mounts"}));
  Profile::Admit& admit = profile.admit;
  TRY(read_admission(*member, "privileged", admit.privileged));
  TRY(read_admission(*member, "host_namespaces", admit.host_namespaces));
  TRY(read_admission(*member, "capabilities", admit.capabilities));
  TRY(read_admission(*member, "devices", admit.devices));
  TRY(read_admission(*member, "unmasked_paths", admit.unmasked_paths));
  TRY(read_admission(*member, "root_user", admit.root_user));
  TRY(read_admission(*member, "control_sockets", admit.control_sockets));
  return read_mounts(*member, admit);
}

Status read_exec_into(const JsonView& view, Profile& profile) {
  const auto member = view.find("exec_into");
  if (!member) {
    return Ok{};
  }
  TRY(member->only_keys({"action", "allow"}));
  // The program is not there yet: nobody could be killed.
  TRY(read_word<int>(
      *member, "action",
      {{"off", HF_OFF}, {"record", HF_RECORD}, {"alert", HF_ALERT}, {"deny", HF_DENY}},
      profile.exec_into.action));
  TRY(read_judged(*member, "allow", path_problem, profile.exec_into.allow));
  return check_count(*member, profile.exec_into.allow.size());
}

// What is said of a severity holds of those above it that have no word of their own.
Status read_respond(const JsonView& view, Profile& profile) {
  const auto member = view.find("respond");
  if (!member) {
    return Ok{};
  }
  TRY(member->only_keys(
      {"emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"}));
  Response response = Response::kAlert;
  for (auto severity = std::rbegin(kSeverities); severity != std::rend(kSeverities); ++severity) {
    TRY(read_word<Response>(*member, severity->first,
                            {{"alert", Response::kAlert},
                             {"kill-process", Response::kKillProcess},
                             {"isolate", Response::kIsolate},
                             {"freeze", Response::kFreeze},
                             {"kill-container", Response::kKillContainer}},
                            response));
    profile.respond.at(static_cast<std::size_t>(severity->second - 1)) = response;
  }
  return Ok{};
}

Status read_exceptions(const JsonView& view, Profile& profile) {
  const auto list = view.find("exceptions");
  if (!list) {
    return Ok{};
  }
  for (const JsonView& item : TRY(list->items())) {
    profile.exceptions.push_back(TRY(read_exception(item)));
  }
  return profile.exceptions.size() <= kMaxExceptions
             ? Status(Ok{})
             : Status(list->error(fmt::format(
                   "has more than {} exceptions; a glob can stand for several", kMaxExceptions)));
}

}  // namespace holdfast::profile
