#include "src/profile/explain.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include <arpa/inet.h>

#include <fmt/format.h>

#include "src/base/capability.h"

namespace holdfast::profile {
namespace {

using nlohmann::json;
using Kind = Difference::Kind;

const char* network_key(std::size_t use) {
  switch (use) {
    case HF_NETWORK_CONNECT:
      return "connecting to addresses that are not listed";
    case HF_NETWORK_LISTEN:
      return "listening on ports that are not listed";
    default:
      return "raw and packet sockets";
  }
}

// An action that was `before` and is `after`.
void compare_action(const std::string& what, int before, int after, std::vector<Difference>& out) {
  if (before == after) {
    return;
  }
  const bool was_refused = before >= HF_DENY;
  const bool is_refused = after >= HF_DENY;
  Kind kind = after > before ? Kind::kStronger : Kind::kWeaker;
  if (was_refused != is_refused) {
    kind = is_refused ? Kind::kRefused : Kind::kAllowed;
  }
  out.push_back({kind, fmt::format("{}: {} → {}", what, action_name(before), action_name(after))});
}

// Sets with what a policy does about everything else.
struct List {
  std::set<std::string> members;
  int otherwise;  // enum hf_action
};

// What `one` has and `other` has not: `refused` or `told` is what that means, by what happens to it
// under the other.
void compare_members(const std::string& what, const List& one, const List& other, Kind refused,
                     Kind told, std::vector<Difference>& out) {
  if (other.otherwise == HF_OFF) {
    return;
  }
  std::vector<std::string> only;
  std::ranges::set_difference(one.members, other.members, std::back_inserter(only));
  for (const std::string& member : only) {
    out.push_back(
        {other.otherwise >= HF_DENY ? refused : told, fmt::format("{} {}", what, member)});
  }
}

void compare_lists(const std::string& what, const List& before, const List& after,
                   std::vector<Difference>& out) {
  compare_members(what, after, before, Kind::kAllowed, Kind::kWeaker, out);
  compare_members(what, before, after, Kind::kRefused, Kind::kStronger, out);
}

std::set<std::string> set_of(const std::vector<std::string>& list) {
  return {list.begin(), list.end()};
}

// "10.0.0.0/8:443", "[2001:db8::]/32", "port 80"
std::string peer_text(const PeerRule& rule) {
  if (rule.use == HF_NETWORK_LISTEN) {
    return fmt::format("port {}", rule.port);
  }
  const bool is_ipv4 =
      rule.prefix_bits >= 96 && rule.address[10] == 0xff && rule.address[11] == 0xff;
  char text[INET6_ADDRSTRLEN] = {};
  if (is_ipv4) {
    inet_ntop(AF_INET, &rule.address[12], text, sizeof(text));
  } else {
    inet_ntop(AF_INET6, rule.address.data(), text, sizeof(text));
  }
  const std::string address = is_ipv4 ? std::string(text) : fmt::format("[{}]", text);
  const std::string port = rule.port == 0 ? "" : fmt::format(":{}", rule.port);
  return fmt::format("{}/{}{}", address, rule.prefix_bits - (is_ipv4 ? 96 : 0), port);
}

std::set<std::string> peers_of(const Policy& policy, hf_network_use use) {
  std::set<std::string> texts;
  for (const PeerRule& rule : policy.peers) {
    if (rule.use == use) {
      texts.insert(peer_text(rule));
    }
  }
  return texts;
}

std::set<std::string> capabilities_of(const Policy& policy) {
  std::set<std::string> names;
  for (std::size_t bit = 0; bit < base::kCapabilities.size(); ++bit) {
    if (((policy.capabilities >> bit) & 1) != 0) {
      names.insert(base::kCapabilities.at(bit));
    }
  }
  return names;
}

const FileRule* rule_for(const Policy& policy, const std::string& path) {
  const auto found = std::ranges::find(policy.files, path, &FileRule::path);
  return found == policy.files.end() ? nullptr : &*found;
}

void compare_files(const Policy& before, const Policy& after, std::vector<Difference>& out) {
  std::set<std::string> paths;
  for (const Policy* policy : {&before, &after}) {
    for (const FileRule& rule : policy->files) {
      paths.insert(rule.path);
    }
  }
  const FileRule none{};
  for (const std::string& path : paths) {
    const FileRule* was = rule_for(before, path);
    const FileRule* is = rule_for(after, path);
    was = was == nullptr ? &none : was;
    is = is == nullptr ? &none : is;
    compare_action("reading " + path, was->read, is->read, out);
    compare_action("changing " + path, was->write, is->write, out);
    if (was->severity != is->severity && was != &none && is != &none) {
      out.push_back({Kind::kChanged, "severity of " + path});
    }
  }
}

void compare_rules(const Policy& before, const Policy& after, std::vector<Difference>& out) {
  const auto compare = [&](const std::string& what, auto list_of) {
    compare_lists(what, list_of(before), list_of(after), out);
  };
  compare("writing the rootfs below", [](const Policy& policy) {
    return List{set_of(policy.writable), policy.action[HF_ROOTFS_WRITE]};
  });
  compare("running", [](const Policy& policy) {
    return List{set_of(policy.executables), policy.action[HF_EXEC_UNEXPECTED]};
  });
  compare("connecting to", [](const Policy& policy) {
    return List{peers_of(policy, HF_NETWORK_CONNECT), policy.network[HF_NETWORK_CONNECT]};
  });
  compare("listening on", [](const Policy& policy) {
    return List{peers_of(policy, HF_NETWORK_LISTEN), policy.network[HF_NETWORK_LISTEN]};
  });
  compare("using", [](const Policy& policy) {
    return List{capabilities_of(policy), policy.action[HF_PRIVILEGE_CAPABILITY]};
  });
  for (std::size_t use = 0; use < HF_NETWORK_USES; ++use) {
    compare_action(network_key(use), before.network.at(use), after.network.at(use), out);
  }
  compare_files(before, after, out);
}

void compare_seccomp(const SeccompPlan& before, const SeccompPlan& after,
                     std::vector<Difference>& out) {
  if (before.base != after.base) {
    out.push_back({after.base ? Kind::kRefused : Kind::kAllowed,
                   "system calls that no ordinary container needs (seccomp base)"});
  }
  if (before.allow_only.empty() != after.allow_only.empty()) {
    out.push_back({before.allow_only.empty() ? Kind::kRefused : Kind::kAllowed,
                   "system calls that seccomp.allow_only does not list"});
  } else {
    compare_lists("system call", {set_of(before.allow_only), HF_DENY},
                  {set_of(after.allow_only), HF_DENY}, out);
  }
  // What is in neither of these goes on, as far as the profile is concerned.
  compare_lists("without the agent, system call", {set_of(after.notify), HF_ALERT},
                {set_of(before.notify), HF_ALERT}, out);
  compare_lists("unlogged, system call", {set_of(after.log), HF_ALERT},
                {set_of(before.log), HF_ALERT}, out);
  compare_lists("system call", {set_of(after.deny), HF_DENY}, {set_of(before.deny), HF_DENY}, out);
  if (before.error != after.error) {
    out.push_back({Kind::kChanged, "errno of refused system calls"});
  }
}

void compare_admit(const Profile::Admit& before, const Profile::Admit& after,
                   std::vector<Difference>& out) {
  using Key = std::pair<const char*, int Profile::Admit::*>;
  static constexpr std::array<Key, 7> kKeys = {
      {{"admit.privileged", &Profile::Admit::privileged},
       {"admit.host_namespaces", &Profile::Admit::host_namespaces},
       {"admit.capabilities", &Profile::Admit::capabilities},
       {"admit.devices", &Profile::Admit::devices},
       {"admit.unmasked_paths", &Profile::Admit::unmasked_paths},
       {"admit.root_user", &Profile::Admit::root_user},
       {"admit.control_sockets", &Profile::Admit::control_sockets}}};
  for (const auto& [key, member] : kKeys) {
    compare_action(key, before.*member, after.*member, out);
  }
  compare_lists("mounting", {set_of(after.deny_mounts), HF_DENY},
                {set_of(before.deny_mounts), HF_DENY}, out);
  compare_lists("silently mounting", {set_of(after.alert_mounts), HF_ALERT},
                {set_of(before.alert_mounts), HF_ALERT}, out);
}

void compare_exec_into(const ExecInto& before, const ExecInto& after,
                       std::vector<Difference>& out) {
  compare_action("exec_into of programs that are not listed", before.action, after.action, out);
  // What is listed is recorded: a list is worth something where others are not.
  const auto list = [](const ExecInto& rule) {
    return List{set_of(rule.allow), rule.action > HF_RECORD ? rule.action : int{HF_OFF}};
  };
  compare_lists("exec_into of", list(before), list(after), out);
}

void compare_responses(const Responses& before, const Responses& after,
                       std::vector<Difference>& out) {
  static constexpr std::array kSeverities = {"emergency", "alert",  "critical",      "error",
                                             "warning",   "notice", "informational", "debug"};
  for (std::size_t i = 0; i < kSeverities.size(); ++i) {
    if (before.at(i) != after.at(i)) {
      out.push_back({after.at(i) > before.at(i) ? Kind::kStronger : Kind::kWeaker,
                     fmt::format("response to alerts that are {}: {} → {}", kSeverities.at(i),
                                 response_name(before.at(i)), response_name(after.at(i)))});
    }
  }
}

std::set<std::string> exceptions_of(const std::vector<Exception>& exceptions) {
  std::set<std::string> texts;
  const auto shown = [](const std::string& glob) { return glob.empty() ? "*" : glob.c_str(); };
  for (const Exception& exception : exceptions) {
    texts.insert(fmt::format("{} by {} of {}", shown(exception.class_name), shown(exception.exe),
                             shown(exception.path)));
  }
  return texts;
}

bool has_own_lines(std::uint32_t class_id) {
  return class_id == HF_FILE_SENSITIVE || class_id == HF_NETWORK_UNEXPECTED;
}

void collect_keys(const json& value, const std::string& pointer, std::vector<std::string>& keys) {
  if (!value.is_object()) {
    keys.push_back(pointer);
    return;
  }
  for (const auto& [key, member] : value.items()) {
    collect_keys(member, pointer + "/" + key, keys);
  }
}

}  // namespace

std::string key_of_class(std::uint32_t class_id) {
  switch (class_id) {
    case HF_EXEC_UNEXPECTED:
      return "/exec/otherwise";
    case HF_FILE_SENSITIVE:
      return "/files";
    case HF_NETWORK_UNEXPECTED:
      return "/network";
    case HF_PRIVILEGE_CAPABILITY:
      return "/capabilities/otherwise";
    case HF_PRIVILEGE_SETUID:
      return "/process/setuid";
    case HF_PROCESS_INJECTION:
      return "/process/injection";
    case HF_PROCESS_REVERSE_SHELL:
      return "/process/reverse_shell";
    case HF_DRIFT_EXEC:
    case HF_DRIFT_LIBRARY:
    case HF_FILELESS_EXEC:
      return "/rootfs/new_executables";
    default:
      break;
  }
  const std::string_view name = class_name(class_id);
  return name.starts_with("rootfs.") ? "/rootfs/guard" : "/escape/action";
}

std::string origin_of(const std::vector<Layer>& layers, const std::string& pointer) {
  const json::json_pointer place(pointer);
  const auto found = std::ranges::find_if(
      layers, [&](const Layer& layer) { return layer.content.contains(place); });
  return found == layers.end() ? "" : found->path;
}

std::vector<std::string> keys_of(const json& merged) {
  std::vector<std::string> keys;
  collect_keys(merged, "", keys);
  return keys;
}

std::vector<Difference> differences(const Profile& old_one, const Profile& new_one) {
  std::vector<Difference> out;
  const auto refuses = [](const Profile& profile) {
    return profile.on_failure == OnFailure::kRefuse;
  };
  const auto word = [](const Profile& profile) {
    return !profile.on_failure                         ? "as holdfast.json says"
           : *profile.on_failure == OnFailure::kRefuse ? "refuse"
                                                       : "warn";
  };
  if (old_one.on_failure != new_one.on_failure) {
    const Kind kind = refuses(new_one)   ? Kind::kRefused
                      : refuses(old_one) ? Kind::kAllowed
                                         : Kind::kChanged;
    out.push_back(
        {kind, fmt::format("starting where it cannot be put in force (on_failure): {} → {}",
                           word(old_one), word(new_one))});
  }
  if (set_of(old_one.images) != set_of(new_one.images)) {
    out.push_back({Kind::kChanged, "the images that it is for (match.images)"});
  }
  return out;
}

std::vector<Difference> differences(const Compiled& old_one, const Compiled& new_one) {
  std::vector<Difference> out;
  for (std::uint32_t id = 1; id < HF_CLASS_COUNT; ++id) {
    if (!has_own_lines(id)) {
      compare_action(class_name(id), old_one.policy.action.at(id), new_one.policy.action.at(id),
                     out);
    }
  }
  compare_rules(old_one.policy, new_one.policy, out);
  compare_seccomp(old_one.seccomp, new_one.seccomp, out);
  compare_admit(old_one.admit, new_one.admit, out);
  compare_exec_into(old_one.exec_into, new_one.exec_into, out);
  compare_responses(old_one.respond, new_one.respond, out);
  compare_lists("alerts excepted:", {exceptions_of(old_one.exceptions), HF_ALERT},
                {exceptions_of(new_one.exceptions), HF_ALERT}, out);
  if (old_one.readonly_root != new_one.readonly_root) {
    out.push_back({new_one.readonly_root ? Kind::kRefused : Kind::kAllowed,
                   "a root file system that is mounted writable"});
  }
  std::ranges::stable_sort(out, {}, &Difference::kind);
  return out;
}

}  // namespace holdfast::profile
