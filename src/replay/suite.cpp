#include "src/replay/suite.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "src/base/path.h"
#include "src/base/quote.h"
#include "src/detect/detect.h"
#include "src/profile/admit.h"
#include "src/profile/compile.h"

namespace holdfast::replay {
namespace {

using base::JsonView;

constexpr std::string_view kProfileSuffix = ".json";
constexpr std::string_view kLinesSuffix = ".jsonl";

constexpr std::array kAnswers = {Answer::kNothing, Answer::kRecorded, Answer::kAlerted,
                                 Answer::kDenied, Answer::kKilled};

constexpr const char* kAnswerWords = "nothing, recorded, alerted, denied, killed";

// What Docker, podman and containerd give: the bounding set of their default, new namespaces of
// every kind but the user's, and paths that all of them hide.
constexpr std::string_view kOrdinary = R"({
  "ociVersion": "1.0.2",
  "root": { "path": "rootfs" },
  "process": {
    "cwd": "/", "args": ["sh"], "user": { "uid": 0, "gid": 0 },
    "capabilities": { "bounding": ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID",
      "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID",
      "CAP_SYS_CHROOT"] }
  },
  "linux": {
    "namespaces": [ { "type": "pid" }, { "type": "network" }, { "type": "ipc" }, { "type": "uts" },
      { "type": "mount" }, { "type": "cgroup" } ],
    "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
    "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    "resources": { "devices": [ { "allow": false, "access": "rwm" } ] }
  }
})";

Result<Answer> read_answer(const JsonView& view) {
  const std::string word = TRY(view.string());
  const auto answer = answer_by_name(word);
  return answer ? Result<Answer>(*answer)
                : view.error(fmt::format("\"{}\" is not one of {}", word, kAnswerWords));
}

// "admit.KEY" for each key of a profile's admit, as alerts have it.
std::vector<std::string> admit_classes() {
  std::vector<std::string> names;
  for (const std::string_view key : profile::kAdmitKeys) {
    names.push_back("admit." + std::string(key));
    std::ranges::replace(names.back(), '_', '-');
  }
  return names;
}

bool is_class(const std::string& name) {
  return is_act(name) || name == detect::kEnteringClass ||
         std::ranges::count(admit_classes(), name) != 0;
}

Status read_severity(const JsonView& expect, std::optional<detect::Severity>& out) {
  std::string word;
  TRY(expect.read("severity", word));
  if (word.empty()) {
    return Ok{};
  }
  out = detect::severity_by_name(word);
  return out ? Status(Ok{})
             : expect.error_at("severity", fmt::format("\"{}\" is no severity", word));
}

Result<Expectation> read_expectation(const JsonView& line) {
  const JsonView expect = TRY(line.need(
      "expect", fmt::format("give what the profile must make of it: one of {}", kAnswerWords)));
  Expectation expected;
  if (expect.raw().is_string()) {
    expected.answer = TRY(read_answer(expect));
    return expected;
  }
  TRY(expect.must_be_object());
  TRY(expect.only_keys({"answer", "class", "severity"}));
  const JsonView answer = TRY(expect.need("answer", fmt::format("give one of {}", kAnswerWords)));
  expected.answer = TRY(read_answer(answer));
  TRY(expect.read("class", expected.class_name));
  if (!expected.class_name.empty() && !is_class(expected.class_name)) {
    return expect.error_at("class", fmt::format("\"{}\" is no class", expected.class_name));
  }
  TRY(read_severity(expect, expected.severity));
  return expected;
}

// A member that is misspelled would otherwise be a test of something else.
Status check_keys(const JsonView& line) {
  TRY(line.only_keys({"test",     "expect",    "seq",      "time",    "kind",    "class",
                      "severity", "action",    "count",    "cause",   "message", "container",
                      "process",  "object",    "mitre",    "aliases", "backend", "host",
                      "origin",   "exception", "held_back"}));
  if (const auto object = line.find("object")) {
    TRY(object->only_keys({"operation",    "path",       "path_truncated", "path_as_spelled",
                           "type",         "mode",       "device",         "inode",
                           "node",         "filesystem", "syscall",        "flags",
                           "capabilities", "target_pid", "address",        "port",
                           "protocol",     "result",     "argv",           "user",
                           "access"}));
  }
  return Ok{};
}

std::string describe(const Act& act) {
  const event::Event& event = act.event;
  const std::string object = event.path.empty() ? "" : " " + event.path;
  return fmt::format("{} {}{}", profile::class_name(event.class_id),
                     event::operation_name(event.operation), object);
}

// The program of a line of the class "exec.into"; none for another line.
Result<std::optional<std::string>> read_program(const JsonView& line) {
  std::string class_name;
  TRY(line.read("class", class_name));
  if (class_name != detect::kEnteringClass) {
    return std::optional<std::string>();
  }
  const JsonView object = TRY(line.need("object", "give the program as \"path\""));
  return std::optional(TRY(object.need_string("path", "give the program's path")));
}

// What an exec of `program` brings upon itself.
Decision entering_of(const profile::Compiled& compiled, const std::string& program) {
  const int action = profile::judge_exec(compiled.exec_into, program);
  Decision decision;
  if (action != HF_OFF) {
    decision.answer = action == HF_DENY    ? Answer::kDenied
                      : action == HF_ALERT ? Answer::kAlerted
                                           : Answer::kRecorded;
    decision.alert = detect::entering_alert({{program}, "", action}, {}, 0, {});
  }
  return decision;
}

// The key of a line's class "admit.KEY"; "" for a line about an act.
Result<std::string> read_admission(const JsonView& line) {
  constexpr std::string_view kPrefix = "admit.";
  std::string class_name;
  TRY(line.read("class", class_name));
  if (!class_name.starts_with(kPrefix)) {
    return std::string();
  }
  std::string key = class_name.substr(kPrefix.size());
  std::ranges::replace(key, '-', '_');
  const auto& known = profile::kAdmitKeys;
  return std::ranges::find(known, key) != known.end()
             ? Result<std::string>(key)
             : line.error_at("class", fmt::format("\"{}\" is no class; known: {}", class_name,
                                                  fmt::join(admit_classes(), ", ")));
}

std::string name_of(const Case& one) {
  if (one.program) {
    return "exec.into " + *one.program;
  }
  return one.admission.empty() ? describe(one.act) : "admit." + one.admission;
}

// A path that the kernel would never tell would be a test of nothing.
Status check_path(const JsonView& line, const event::Event& event) {
  const bool has_path = event::is_rootfs_change(event.class_id) ||
                        event.class_id == HF_FILE_SENSITIVE || event.class_id == HF_DRIFT_EXEC ||
                        event.class_id == HF_EXEC_UNEXPECTED;
  const bool as_told = (event.flags & (HF_EVENT_TRUNCATED | HF_EVENT_USER_PATH)) == 0;
  if (!has_path || !as_told || base::is_absolute_clean(event.path)) {
    return Ok{};
  }
  return line.error_at("object",
                       fmt::format("\"{}\" is no path as the kernel tells it: absolute, without "
                                   "\"..\" and doubled slashes",
                                   base::shown(event.path)));
}

Result<Case> read_case(std::string_view text, const std::string& place) {
  const nlohmann::json document = TRY(base::parse_json(text, place, kLineLimits));
  const JsonView line(document, place, JsonView::Null::kIsError);
  TRY(line.must_be_object());
  TRY(check_keys(line));
  Case one;
  one.place = place;
  one.admission = TRY(read_admission(line));
  one.program = TRY(read_program(line));
  if (one.admission.empty() && !one.program) {
    one.act = TRY(read_act(line));
  }
  one.expected = TRY(read_expectation(line));
  TRY(check_path(line, one.act.event));
  TRY(line.read("test", one.name));
  if (one.name.empty()) {
    one.name = name_of(one);
  }
  return one;
}

Result<std::vector<Case>> read_cases(std::string_view text, const std::string& file) {
  std::vector<Case> cases;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
      cases.push_back(TRY(read_case(line, fmt::format("{}:{}", file, number))));
    }
  }
  if (cases.empty()) {
    return fail(fmt::format("{} holds no test; write one line for each, or remove it", file));
  }
  return cases;
}

Result<oci::Spec> read_spec_beside(const profile::Source& source, const std::string& directory,
                                   const std::string& stem) {
  for (const std::string& path :
       {fmt::format("{}/{}.config.json", directory, stem), directory + "/config.json"}) {
    const std::optional<std::string> bytes = TRY(source.read(path));
    if (bytes) {
      return oci::parse_spec(*bytes, path);
    }
  }
  return ordinary_spec();
}

Result<Suite> read_suite(const profile::Source& source, const std::string& directory,
                         const std::string& file) {
  Suite suite;
  suite.file = directory + "/" + file;
  suite.spec =
      TRY(read_spec_beside(source, directory, file.substr(0, file.size() - kLinesSuffix.size())));
  const std::optional<std::string> bytes = TRY(source.read(suite.file));
  suite.cases = TRY(read_cases(bytes.value_or(""), suite.file));
  return suite;
}

std::string told_of(const Decision& decision) {
  if (decision.answer == Answer::kNothing) {
    return "nothing";
  }
  return fmt::format("{} as {}, {}", answer_name(decision.answer), decision.alert.class_name,
                     detect::severity_name(decision.alert.severity));
}

std::string expected_of(const Expectation& expected) {
  std::string text = answer_name(expected.answer);
  text += expected.class_name.empty() ? "" : " as " + expected.class_name;
  text += expected.severity ? fmt::format(", {}", detect::severity_name(*expected.severity)) : "";
  return text;
}

bool holds(const Expectation& expected, const Decision& decision) {
  if (decision.answer != expected.answer) {
    return false;
  }
  if (decision.answer == Answer::kNothing) {
    return true;
  }
  return (expected.class_name.empty() || expected.class_name == decision.alert.class_name) &&
         (!expected.severity || *expected.severity == decision.alert.severity);
}

// What the container's config.json brings upon itself.
Decision admission_of(const std::vector<profile::Admission>& admissions, const std::string& key) {
  Decision decision;
  for (const profile::Admission& admission : admissions) {
    if (admission.what == key) {
      const Answer answer = admission.refused ? Answer::kDenied : Answer::kAlerted;
      decision.answer = std::max(decision.answer, answer);
      decision.alert = detect::admission_alert(admission, 0, {});
    }
  }
  return decision;
}

}  // namespace

std::optional<Answer> answer_by_name(const std::string& name) {
  const auto* found =
      std::ranges::find_if(kAnswers, [&](Answer answer) { return name == answer_name(answer); });
  return found == kAnswers.end() ? std::nullopt : std::optional(*found);
}

oci::Spec ordinary_spec() { return oci::parse_spec(kOrdinary, "an ordinary config.json").value(); }

Result<std::vector<Suite>> read_suites(const profile::Source& source, const std::string& path) {
  const std::string directory = path.substr(0, path.size() - kProfileSuffix.size()) + ".tests";
  std::vector<Suite> suites;
  for (const std::string& file : TRY(source.list(directory))) {
    if (file.ends_with(kLinesSuffix)) {
      suites.push_back(TRY(read_suite(source, directory, file)));
    }
  }
  return suites;
}

Result<std::vector<Outcome>> run_suite(const profile::Profile& profile, const Suite& suite) {
  const profile::Compiled compiled = TRY(profile::compile(profile, suite.spec, true));
  const auto admissions = profile::admit(compiled, suite.spec, profile::unknown_host());
  detect::Context context;
  context.backend = "lsm";
  std::vector<Outcome> outcomes;
  for (const Case& one : suite.cases) {
    const Decision decision = one.program             ? entering_of(compiled, *one.program)
                              : one.admission.empty() ? decide(compiled, one.act, context)
                                                      : admission_of(admissions, one.admission);
    const bool good = holds(one.expected, decision);
    outcomes.push_back({one.name, one.place,
                        good ? ""
                             : fmt::format("expected {}, the profile says {}",
                                           expected_of(one.expected), told_of(decision))});
  }
  return outcomes;
}

}  // namespace holdfast::replay
