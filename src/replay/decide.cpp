#include "src/replay/decide.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "src/base/path.h"
#include "src/detect/exceptions.h"
#include "src/profile/places.h"

namespace holdfast::replay {
namespace {

// A class that the act belongs to, what policy has for it, and the severity that a rule gives it.
struct Candidate {
  hf_class class_id = HF_CLASS_NONE;
  int action = HF_OFF;
  std::uint8_t severity = 0;  // of struct hf_event
};

bool lies_in(std::string_view path, const std::vector<std::string>& prefixes) {
  return std::ranges::any_of(
      prefixes, [&](const std::string& prefix) { return base::is_at_or_below(path, prefix); });
}

bool is_whole(const event::Event& event) { return (event.flags & HF_EVENT_TRUNCATED) == 0; }

// rootfs.*: what is everyday is recorded where policy would alert.
int rootfs_action(const profile::Policy& policy, const event::Event& event) {
  const int action = policy.action.at(event.class_id);
  if (event.outcome == HF_OUTCOME_REFUSED || !is_whole(event)) {
    return action;
  }
  if (lies_in(event.path, policy.writable)) {
    return HF_OFF;
  }
  const bool everyday = std::ranges::any_of(profile::kTemporaryPlaces, [&](std::string_view place) {
    return base::is_at_or_below(event.path, place);
  });
  return action == HF_ALERT && everyday && !event::makes_setuid(event) ? int{HF_RECORD} : action;
}

// The longest rule counts; for a path that did not fit, the strongest of all. A second or another
// name would lead round the rule of the first, for reading as well. What a recorded open asked for
// is not known: the stronger answer is taken.
Candidate file_rule(const profile::Policy& policy, const Act& act) {
  Candidate candidate{HF_FILE_SENSITIVE, HF_OFF, 0};
  const profile::FileRule* best = nullptr;
  for (const profile::FileRule& rule : policy.files) {
    if (base::is_at_or_below(act.event.path, rule.path) &&
        (best == nullptr || rule.path.size() > best->path.size())) {
      best = &rule;
    }
  }
  if (!is_whole(act.event)) {
    candidate.action = policy.action[HF_FILE_SENSITIVE];
    return candidate;
  }
  if (best == nullptr) {
    return candidate;
  }
  const bool renames = act.event.operation == HF_OP_LINK || act.event.operation == HF_OP_RENAME;
  const bool opens = act.event.operation == HF_OP_OPEN || act.event.operation == HF_OP_NONE;
  const bool is_change = event::is_rootfs_change(act.event.class_id);
  const bool reads = renames || (act.access_known ? act.reads : opens && !is_change);
  const bool writes = !opens || is_change || (act.access_known ? act.writes : true);
  candidate.action =
      std::max(reads ? int{best->read} : int{HF_OFF}, writes ? int{best->write} : int{HF_OFF});
  candidate.severity = best->severity;
  return candidate;
}

Candidate unlisted(const profile::Policy& policy, const event::Event& event) {
  const bool listed = is_whole(event) && lies_in(event.path, policy.executables);
  return {HF_EXEC_UNEXPECTED, listed ? int{HF_OFF} : int{policy.action[HF_EXEC_UNEXPECTED]}, 0};
}

hf_network_use use_of(hf_operation operation) {
  switch (operation) {
    case HF_OP_LISTEN:
    case HF_OP_BIND:
      return HF_NETWORK_LISTEN;
    case HF_OP_SOCKET:
      return HF_NETWORK_RAW;
    default:
      return HF_NETWORK_CONNECT;
  }
}

// An address as policies write it: IPv4 as ::ffff:a.b.c.d, and 0.0.0.0 leads to this machine.
std::array<std::uint8_t, 16> mapped(const event::Event& event) {
  if (event.family != AF_INET) {
    return event.address;
  }
  std::array<std::uint8_t, 16> address{};
  address[10] = address[11] = 0xff;
  std::copy_n(event.address.begin(), 4, address.begin() + 12);
  if (std::all_of(event.address.begin(), event.address.begin() + 4,
                  [](std::uint8_t byte) { return byte == 0; })) {
    address[12] = 127;
    address[15] = 1;
  }
  return address;
}

bool same_prefix(const std::array<std::uint8_t, 16>& one, const std::array<std::uint8_t, 16>& other,
                 unsigned bits) {
  const std::size_t whole = bits / 8;
  if (std::memcmp(one.data(), other.data(), whole) != 0) {
    return false;
  }
  const unsigned rest = bits % 8;
  return rest == 0 || ((one.at(whole) ^ other.at(whole)) >> (8 - rest)) == 0;
}

bool is_listed(const profile::PeerRule& rule, const event::Event& event, hf_network_use use) {
  if (rule.use != use || (rule.port != 0 && rule.port != event.port)) {
    return false;
  }
  return use == HF_NETWORK_LISTEN || same_prefix(mapped(event), rule.address, rule.prefix_bits);
}

int network_action(const profile::Policy& policy, const event::Event& event) {
  const hf_network_use use = use_of(event.operation);
  const bool listed = use != HF_NETWORK_RAW &&
                      std::ranges::any_of(policy.peers, [&](const profile::PeerRule& rule) {
                        return is_listed(rule, event, use);
                      });
  return listed ? int{HF_OFF} : int{policy.network.at(use)};
}

// Whether config.json grants the device for what was done with it.
bool is_granted(const profile::Policy& policy, const event::Event& event) {
  if (policy.all_devices) {
    return true;
  }
  const std::uint32_t wanted = event.operation == HF_OP_MKNOD
                                   ? std::uint32_t{HF_DEVICE_MKNOD}
                                   : std::uint32_t{HF_DEVICE_READ | HF_DEVICE_WRITE};
  const auto matches = [](std::uint32_t rule, std::uint32_t value) {
    return rule == HF_DEVICE_ANY || rule == value;
  };
  return std::ranges::any_of(policy.devices, [&](const profile::DeviceRule& rule) {
    return rule.block == S_ISBLK(event.object_mode) &&
           matches(rule.major, event.object_rdev >> 20) &&
           matches(rule.minor, event.object_rdev & 0xfffff) && (rule.access & wanted) != 0;
  });
}

// Whether the capabilities of the act are beyond what policy expects, or config.json grants.
bool is_excess(std::uint64_t used, std::uint64_t allowed) {
  return used == 0 || (used & ~allowed) != 0;
}

int own_action(const profile::Policy& policy, const Act& act) {
  const event::Event& event = act.event;
  const int action = policy.action.at(event.class_id);
  switch (event.class_id) {
    case HF_NETWORK_UNEXPECTED:
      return network_action(policy, event);
    case HF_PRIVILEGE_CAPABILITY:
      return is_excess(event.argument, policy.capabilities) ? action : int{HF_OFF};
    case HF_ESCAPE_CREDENTIALS:
      return is_excess(event.argument, policy.bounding) ? action : int{HF_OFF};
    case HF_ESCAPE_DEVICE:
      return event.object_rdev != 0 && is_granted(policy, event) ? int{HF_OFF} : action;
    default:
      return event::is_rootfs_change(event.class_id) ? rootfs_action(policy, event) : action;
  }
}

bool is_exec(hf_operation operation) {
  return operation == HF_OP_EXEC || operation == HF_OP_EXEC_SCRIPT;
}

// All classes that the act belongs to, in the order in which the kernel asks.
std::vector<Candidate> candidates(const profile::Policy& policy, const Act& act) {
  const event::Event& event = act.event;
  std::vector<Candidate> found;
  if (event.class_id == HF_FILE_SENSITIVE || event::is_rootfs_change(event.class_id)) {
    found.push_back(file_rule(policy, act));
  }
  if (event.class_id != HF_FILE_SENSITIVE && event.class_id != HF_EXEC_UNEXPECTED) {
    found.push_back({event.class_id, own_action(policy, act), 0});
  }
  if (is_exec(event.operation) && event.class_id != HF_ESCAPE_HOST_EXEC) {
    found.push_back(unlisted(policy, event));
  } else if (event.class_id == HF_EXEC_UNEXPECTED) {
    found.push_back(unlisted(policy, event));
  }
  return found;
}

hf_outcome outcome_of(int action, const event::Event& event) {
  if (event.outcome == HF_OUTCOME_REFUSED) {
    return HF_OUTCOME_REFUSED;
  }
  // That a task has left its cgroup is told when it has.
  if (action < HF_DENY || event.operation == HF_OP_CGROUP_ATTACH) {
    return HF_OUTCOME_SEEN;
  }
  return action == HF_KILL && (event.flags & HF_EVENT_BYSTANDER) == 0 ? HF_OUTCOME_KILLED
                                                                      : HF_OUTCOME_DENIED;
}

Answer answer_of(const event::Event& event, const detect::Alert& alert) {
  switch (event.outcome) {
    case HF_OUTCOME_DENIED:
      return Answer::kDenied;
    case HF_OUTCOME_KILLED:
      return Answer::kKilled;
    default:
      return alert.kind == "record" ? Answer::kRecorded : Answer::kAlerted;
  }
}

}  // namespace

const char* answer_name(Answer answer) {
  switch (answer) {
    case Answer::kNothing:
      return "nothing";
    case Answer::kRecorded:
      return "recorded";
    case Answer::kAlerted:
      return "alerted";
    case Answer::kDenied:
      return "denied";
    case Answer::kKilled:
      return "killed";
  }
  return "";
}

Decision decide(const profile::Compiled& compiled, const Act& act, const detect::Context& context) {
  Candidate strongest{act.event.class_id, HF_OFF, 0};
  for (const Candidate& candidate : candidates(compiled.policy, act)) {
    strongest = candidate.action > strongest.action ? candidate : strongest;
  }
  Decision decision;
  decision.alert.class_name = profile::class_name(strongest.class_id);
  if (strongest.action == HF_OFF) {
    return decision;
  }
  event::Event event = act.event;
  event.class_id = strongest.class_id;
  event.action = static_cast<hf_action>(strongest.action);
  event.severity = strongest.severity;
  event.outcome = outcome_of(strongest.action, event);
  decision.alert = detect::detect(event::Event(event), event::Process(act.process), context);
  detect::apply_exceptions(compiled.exceptions, decision.alert);
  decision.answer = answer_of(event, decision.alert);
  return decision;
}

}  // namespace holdfast::replay
