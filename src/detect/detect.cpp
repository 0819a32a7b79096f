#include "src/detect/detect.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "src/base/path.h"
#include "src/base/quote.h"
#include "src/detect/names.h"
#include "src/detect/rules.h"
#include "src/profile/policy.h"

namespace holdfast::detect {

namespace {

bool was_prevented(const event::Event& event) { return event.outcome != HF_OUTCOME_SEEN; }

struct Verdict {
  Severity severity;
  bool record;
};

// Where the path leads, as far as it says: of one that lost its beginning nothing is known, and of
// one that is as the process spelled it ".." is taken out.
Place place_of_object(const event::Event& event) {
  const bool spelled = (event.flags & HF_EVENT_USER_PATH) != 0;
  const bool beheaded = (event.flags & HF_EVENT_TRUNCATED) != 0 && !spelled;
  return beheaded ? Place::kOther : place_of(spelled ? base::clean_path(event.path) : event.path);
}

// Severity of a change of the root file system by what was touched. What a program writes as it
// runs is only recorded, unless it was prevented: then something broke, and somebody will look for
// the reason.
Verdict touched(const event::Event& event, const Rule& rule) {
  if (event::makes_setuid(event)) {
    return {rule.severity, false};
  }
  switch (place_of_object(event)) {
    case Place::kProgram:
      return {rule.severity, false};
    case Place::kTemporary:
      return was_prevented(event) ? Verdict{Severity::kNotice, false}
                                  : Verdict{Severity::kInformational, true};
    case Place::kState:
      return {Severity::kNotice, false};
    case Place::kOther:
      break;
  }
  return {Severity::kWarning, false};
}

// A script does what its interpreter does that reads it, and that is asked about in its turn:
// "sh x" is no drift, and "./x" hardly one.
bool is_script_that_ran(const event::Event& event) {
  return event.operation == HF_OP_EXEC_SCRIPT && !was_prevented(event);
}

Verdict judge(const event::Event& event, const Rule& rule) {
  Verdict verdict = {is_script_that_ran(event) ? Severity::kNotice : rule.severity, false};
  if (event::is_rootfs_change(event.class_id)) {
    verdict = touched(event, rule);
  }
  verdict.record = verdict.record || event.action == HF_RECORD;
  if (event.severity != 0) {
    verdict.severity = static_cast<Severity>(event.severity - 1);
  }
  return verdict;
}

std::vector<std::string> flags_of(const event::Event& event) {
  switch (event.operation) {
    case HF_OP_CLONE:
    case HF_OP_UNSHARE:
    case HF_OP_SETNS:
      return namespace_flags(event.argument);
    case HF_OP_MOUNT:
      return mount_flags(event.argument);
    default:
      return {};
  }
}

// By hand, like all that nearly every event has.
std::string octal(std::uint32_t mode) {
  if ((mode & S_IFMT) == 0) {
    return "";
  }
  std::string text = "0000";
  for (std::size_t digit = 0; digit < text.size(); ++digit) {
    text[text.size() - 1 - digit] = static_cast<char>('0' + ((mode >> (3 * digit)) & 7));
  }
  return text;
}

// Of what gets a name: there was no file by it yet, so the event says with which mode.
std::uint32_t mode_of(const event::Event& event) {
  const bool gets_name = event.operation == HF_OP_CREATE || event.operation == HF_OP_RENAME ||
                         event.operation == HF_OP_LINK;
  return event.object_mode == 0 && gets_name ? static_cast<std::uint32_t>(event.argument)
                                             : event.object_mode;
}

// Takes the path out of the event.
void fill(Object& object, event::Event& event) {
  object.operation = event::operation_name(event.operation);
  object.path = std::move(event.path);
  object.path_truncated = (event.flags & HF_EVENT_TRUNCATED) != 0;
  object.path_as_spelled = (event.flags & HF_EVENT_USER_PATH) != 0;
  object.type = file_type(mode_of(event));
  object.mode = octal(mode_of(event));
  object.device = event.object_ino == 0 ? "" : device_name(event.object_dev);
  object.node = event.object_rdev == 0 ? "" : device_name(event.object_rdev);
  object.filesystem = filesystem_name(event.object_magic);
  object.inode = event.object_ino;
  object.flags = flags_of(event);
  object.result = errno_name(event.result);
  if (event.operation == HF_OP_SYSCALL) {
    object.syscall = syscall_name(event.argument);
  }
  if (event.operation == HF_OP_PTRACE || event.operation == HF_OP_SIGNAL ||
      event.operation == HF_OP_CGROUP_ATTACH) {
    object.target_pid = event.argument;
  }
  if (event.family != 0) {
    object.address = address_text(event.family, event.address);
    object.port = event.port;
    object.protocol = protocol_name(event.protocol);
  }
  if (event.class_id == HF_ESCAPE_CREDENTIALS || event.class_id == HF_PRIVILEGE_CAPABILITY) {
    object.capabilities = capability_names(event.argument);
  }
}

void replace(std::string& text, std::string_view mark, const std::string& value) {
  const std::size_t at = text.find(mark);
  if (at != std::string::npos) {
    text.replace(at, mark.size(), value);
  }
}

// Sentences are put together by hand: a formatter takes a fifth of the time that an event takes.

void add_in_parentheses(std::string& text, const std::vector<std::string>& words) {
  if (!words.empty()) {
    text += fmt::format(" ({})", fmt::join(words, ", "));
  }
}

void add_path(std::string& text, const Object& object) {
  if (!object.path.empty()) {
    text += object.path_truncated ? "…" : "";
    text += object.path;
  } else if (!object.node.empty()) {
    text += object.node;
  } else {
    text += object.inode != 0 ? fmt::format("inode {}", object.inode) : "an unnamed object";
  }
}

void add_peer(std::string& text, const Object& object) {
  if (object.address.empty()) {
    text += object.protocol.empty() ? "" : fmt::format(" ({})", object.protocol);
  } else {
    const bool is_ipv6 = object.address.find(':') != std::string::npos;
    text += is_ipv6 ? fmt::format("[{}]:{}", object.address, object.port)
                    : fmt::format("{}:{}", object.address, object.port);
  }
}

// What a word in braces of a rule's verb stands for.
void add_meaning(std::string& text, std::string_view word, const Object& object) {
  if (word == "path") {
    add_path(text, object);
  } else if (word == "flags") {
    add_in_parentheses(text, object.flags);
  } else if (word == "caps") {
    add_in_parentheses(text, object.capabilities);
  } else if (word == "target") {
    text += object.target_pid == 0 ? "" : fmt::format(" (pid {})", object.target_pid);
  } else if (word == "address") {
    add_peer(text, object);
  } else {
    text += object.syscall.empty() ? "" : fmt::format(" ({})", object.syscall);
  }
}

// What stands for a word is not looked at again: a path is the attacker's text and may hold
// "{flags}".
void add_deed(std::string& text, const Rule& rule, const Object& object) {
  std::string_view rest = rule.verb;
  while (!rest.empty()) {
    const std::size_t open = std::min(rest.find('{'), rest.size());
    const std::size_t close = std::min(rest.find('}', open), rest.size());
    text += rest.substr(0, open);
    if (open < close) {
      add_meaning(text, rest.substr(open + 1, close - open - 1), object);
    }
    rest.remove_prefix(std::min(close + 1, rest.size()));
  }
}

// A runtime executes itself from a mount of that one file: its path there is "/".
std::string_view program(const event::Process& process) {
  const std::string_view name = std::string_view(process.exe).substr(process.exe.rfind('/') + 1);
  return name.empty() ? process.comm : name;
}

void add_owner(std::string& text, std::uint32_t slot, const Container* container) {
  if (container == nullptr) {
    text += fmt::format("container of slot {}", slot);
    return;
  }
  text += "container ";
  text += container->name.empty() ? container->id : container->name;
}

void add_ending(std::string& text, const event::Event& event) {
  switch (event.outcome) {
    case HF_OUTCOME_DENIED:
      text += "refused";
      break;
    case HF_OUTCOME_KILLED:
      text += "refused, and the process was killed";
      break;
    case HF_OUTCOME_REFUSED:
      text += "the kernel refused it";
      text += event.result == 0 ? "" : fmt::format(" ({})", errno_name(event.result));
      break;
    default:
      text += (event.flags & HF_EVENT_TOO_LATE) != 0 ? "it went through and could not be refused"
                                                     : "allowed";
  }
}

// What may be one of the many steps of an installation. Whatever gives a file the rights of its
// owner, or capabilities, is told each time; and whoever is no program of the image, or not known
// to be one.
bool changes_image(const event::Event& event, const Verdict& verdict) {
  return event::is_rootfs_change(event.class_id) && !was_prevented(event) &&
         verdict.severity > Severity::kCritical && !event::makes_setuid(event) &&
         event.operation != HF_OP_SETXATTR && event.operation != HF_OP_REMOVEXATTR &&
         !event.exe.empty() && (event.flags & HF_EVENT_UPPER_LAYER) == 0;
}

// What ends the alerts of a change that belongs to the image, or to what it runs.
const char* remedy(const event::Event& event, const Verdict& verdict) {
  if (verdict.record || event.outcome != HF_OUTCOME_SEEN) {
    return "";
  }
  if (event::is_rootfs_change(event.class_id)) {
    return " If it is ordinary, build it into the image, or put it on a volume or in "
           "rootfs.writable of the profile.";
  }
  const bool drift = event.class_id == HF_DRIFT_EXEC || event.class_id == HF_DRIFT_LIBRARY;
  return drift ? " If it is ordinary, build it into the image, or give the profile an exception."
               : "";
}

// What we did. Of what the kernel refused by itself we only told.
const char* action_of(hf_outcome outcome) {
  switch (outcome) {
    case HF_OUTCOME_DENIED:
      return "denied";
    case HF_OUTCOME_KILLED:
      return "killed";
    default:
      return "alerted";
  }
}

// "bash, podman, conmon (pid 12, uid 0, login uid 1000)": the runtime, and before it who called it.
std::string askers(const event::Process& asker) {
  constexpr std::size_t kNamed = 4;
  std::string names = asker.comm;
  for (std::size_t i = 0; i < std::min(kNamed, asker.ancestors.size()); ++i) {
    names = asker.ancestors[i].comm + ", " + names;
  }
  const std::string login =
      asker.login_uid ? fmt::format(", login uid {}", *asker.login_uid) : std::string();
  return fmt::format("{} (pid {}, uid {}{})", names, asker.pid, asker.uid, login);
}

std::string command_text(const std::vector<std::string>& argv) {
  return argv.empty() ? "a program that cannot be told"
                      : base::shown(fmt::format("{}", fmt::join(argv, " ")));
}

Object entered(const Entering& entering) {
  const std::string program = entering.argv.empty() ? "" : entering.argv.front();
  const std::string path = base::clean_path(program);
  Object object;
  object.operation = "exec";
  object.path = path.empty() ? program : path;
  // A name that a PATH decides about fits no exception.
  object.path_as_spelled = path.empty();
  object.argv = entering.argv;
  object.user = entering.user;
  return object;
}

std::string sentence(const event::Event& event, const event::Process& process,
                     const Container* container, const Rule& rule, const Object& object) {
  constexpr std::size_t kUsual = 400;  // with a remedy
  std::string text;
  text.reserve(kUsual);
  text += program(process);
  text += " (pid ";
  text += std::to_string(process.pid);
  text += (event.flags & HF_EVENT_BYSTANDER) != 0 ? ") outside " : ") in ";
  add_owner(text, event.slot, container);
  text += " tried to ";
  add_deed(text, rule, object);
  text += "; ";
  add_ending(text, event);
  if (event.count != 1) {
    text += fmt::format(" ({} times)", event.count);
  }
  text += '.';
  return text;
}

struct LossText {
  const char* cause;
  const char* sentence;
};
constexpr std::array<LossText, kLossCauses.size()> kLossTexts = {{
    // by Loss::Cause
    {"alerts-full", "alerts of {container} could not be told: their ring was full"},
    {"records-full", "records of {container} could not be told: their ring was full"},
    {"no-buffer", "events of {container} could not be told: no buffer was free"},
    {"no-storage",
     "processes could not be tagged as those of {container}: the kernel had no memory"},
    {"unreadable", "records of the kernel could not be told: they are of another version"},
    {"former-version",
     "events, or fewer, were not told: they waited for another version of holdfast, which this one "
     "has replaced"},
    {"file-full",
     "programs that were started by exec, responses, admissions and digests could not be told: the "
     "alert "
     "file took nothing, and there was no room for more of them"},
}};

}  // namespace

std::string owner(std::uint32_t slot, const Container* container) {
  std::string text;
  add_owner(text, slot, container);
  return text;
}

// Unsigned, for the time is only as true as the record it came in.
Alert begin_alert(std::uint64_t time_ns, const Context& context) {
  Alert alert;
  alert.time_ns =
      static_cast<std::int64_t>(time_ns + static_cast<std::uint64_t>(context.boot_to_real_ns));
  alert.container = context.container;
  alert.backend = context.backend;
  alert.host = context.host;
  return alert;
}

Alert begin_record(const char* class_name, Severity severity, std::uint64_t time_ns,
                   const Context& context) {
  Alert alert = begin_alert(time_ns, context);
  alert.kind = "record";
  alert.class_name = class_name;
  alert.severity = severity;
  alert.action = "alerted";
  return alert;
}

Alert detect(event::Event&& event, event::Process&& process, const Context& context) {
  const Rule& rule = rule_for(event.class_id, event.operation);
  const Verdict verdict = judge(event, rule);
  Alert alert = begin_alert(event.time_ns, context);
  alert.count = event.count;
  alert.kind = verdict.record ? "record" : "alert";
  alert.class_name = profile::class_name(event.class_id);
  alert.severity = verdict.severity;
  alert.changes_image = changes_image(event, verdict);
  alert.action = action_of(event.outcome);
  fill(alert.object.emplace(), event);
  alert.message = sentence(event, process, context.container.get(), rule, *alert.object);
  alert.message += remedy(event, verdict);
  alert.process = std::move(process);
  alert.mitre = rule.mitre;
  alert.falco = rule.falco;
  alert.tracee = rule.tracee;
  return alert;
}

const char* cause_name(Loss::Cause cause) {
  return kLossTexts.at(static_cast<std::size_t>(cause)).cause;
}

Alert lost_alert(const Loss& loss, const Context& context) {
  const LossText& text = kLossTexts[static_cast<std::size_t>(loss.cause)];
  Alert alert = begin_alert(loss.time_ns, context);
  alert.kind = "alert";
  alert.class_name = "monitor.lost";
  alert.severity = Severity::kWarning;
  alert.action = "alerted";
  alert.count = loss.count;
  alert.cause = text.cause;
  alert.message =
      fmt::format("{} {}. What policies deny was denied all the same.", loss.count, text.sentence);
  replace(alert.message, "{container}", owner(loss.slot, context.container.get()));
  return alert;
}

Alert admission_alert(const profile::Admission& admission, std::uint64_t time_ns,
                      const Context& context) {
  Alert alert = begin_alert(time_ns, context);
  alert.kind = "alert";
  alert.class_name = "admit." + admission.what;
  std::ranges::replace(alert.class_name, '_', '-');
  alert.severity = Severity::kWarning;
  alert.action = "alerted";
  alert.message = fmt::format("{} {}; it was started, as its profile says.",
                              owner(0, context.container.get()), admission.asks);
  alert.mitre = {"T1610"};  // Deploy Container
  return alert;
}

Alert entering_alert(const Entering& entering, event::Process asker, std::uint64_t time_ns,
                     const Context& context) {
  const bool refused = entering.action == HF_DENY;
  const bool record = entering.action == HF_RECORD;
  Alert alert = begin_alert(time_ns, context);
  alert.kind = record ? "record" : "alert";
  alert.class_name = kEnteringClass;
  alert.severity = record ? Severity::kInformational : Severity::kWarning;
  alert.action = refused ? "denied" : "alerted";
  alert.message = fmt::format("{} asked to start {} in {} by exec; {}.", askers(asker),
                              command_text(entering.argv), owner(0, context.container.get()),
                              refused ? "refused" : "allowed");
  alert.object = entered(entering);
  alert.process = std::move(asker);
  alert.mitre = {"T1609"};  // Container Administration Command
  alert.falco = "Attach/Exec Pod";
  return alert;
}

Alert reload_alert(const Asker& by, std::uint64_t time_ns, const Context& context) {
  Alert alert = begin_record("monitor.reload", Severity::kNotice, time_ns, context);
  alert.message = fmt::format(
      "{} has another policy now: its profile was read again, as pid {} "
      "(uid {}) asked.",
      owner(0, context.container.get()), by.pid, by.uid);
  return alert;
}

}  // namespace holdfast::detect
