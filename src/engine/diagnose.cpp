#include "src/engine/diagnose.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "src/engine/configured.h"
#include "src/engine/containerd.h"
#include "src/engine/files.h"
#include "src/engine/programs.h"
#include "src/engine/status.h"
#include "src/engine/version.h"

namespace holdfast::engine {
namespace {

using Verdict = Check::Verdict;
using State = FileStatus::State;

// The first whose containers' annotations can be given on the command line (docker run
// --annotation).
constexpr int kDockerWithAnnotations = 24;

// What the checks of one engine look at, and where they go.
struct Examination {
  Engine engine;
  const Tree& tree;
  Owner owner;
  EngineStatus status;
  Configured configured;
  WantedFiles wanted;
  Diagnosis& diagnosis;

  void add(Verdict verdict, std::string text) const {
    diagnosis.checks.push_back({verdict, std::move(text)});
  }
  [[nodiscard]] std::string install() const { return install_command(engine, diagnosis.options); }
};

// Why `program` cannot be what an engine starts; "" when it can.
std::string problem_of(const Examination& on, const std::string& program) {
  if (!on.tree.has_program(program)) {
    return fmt::format("{} is not there: run `{}`", program, on.install());
  }
  const Status roots = geteuid() == 0 ? on.tree.must_be_roots(program) : Status(Ok{});
  return roots.ok() ? "" : roots.error().message;
}

void check_runtime(const Examination& on) {
  const Configured& configured = on.configured;
  if (configured.runtime.empty()) {
    return;
  }
  std::string problem = problem_of(on, configured.runtime);
  const bool is_tried = problem.empty() && on.tree.is_system();
  const std::string real = is_tried ? version_of(on.tree, configured.runtime) : "";
  if (is_tried && real.empty()) {
    problem =
        configured.runtime + " executes no runtime: install runc or crun, or see holdfast.json";
  }
  const std::string begin = fmt::format("runtime \"{}\"", configured.runtime_name);
  if (!problem.empty()) {
    on.add(Verdict::kFailure, fmt::format("{}: {}", begin, problem));
    return;
  }
  on.add(Verdict::kOk, fmt::format("{}: {}{}, {}", begin, configured.runtime,
                                   real.empty() ? "" : ", which executes " + real,
                                   configured.is_default ? "for every container"
                                                         : "for containers that ask for it"));
}

void check_hook(const Examination& on) {
  const std::string& hook = on.configured.hook;
  if (hook.empty()) {
    return;
  }
  const std::string problem = problem_of(on, hook);
  on.add(problem.empty() ? Verdict::kOk : Verdict::kFailure,
         problem.empty() ? fmt::format("hook: {}, for {}", hook,
                                       on.configured.hooks_everyone
                                           ? "every container"
                                           : "containers with an annotation io.holdfast.…")
                         : "hook: " + problem);
}

// The first number in `version`; 0 when there is none.
int major_of(const std::string& version) {
  const std::size_t at = version.find_first_of("0123456789");
  int major = 0;
  if (at != std::string::npos) {
    std::from_chars(version.data() + at, version.data() + version.size(), major);
  }
  return major;
}

void check_dockers_annotations(const Examination& on) {
  const int major = major_of(on.diagnosis.version);
  const bool is_old = major != 0 && major < kDockerWithAnnotations;
  on.add(is_old ? Verdict::kWarning : Verdict::kOk,
         is_old ? fmt::format("annotations: Docker before {} has none: let profiles be chosen by "
                              "match.images",
                              kDockerWithAnnotations)
                : fmt::format("annotations: from Docker {} on, docker run --annotation hands them "
                              "on",
                              kDockerWithAnnotations));
}

void check_containerds_annotations(const Examination& on) {
  if (on.configured.hands_annotations_on) {
    on.add(Verdict::kOk, "annotations: a pod's reach its containers (pod_annotations)");
    return;
  }
  on.add(Verdict::kWarning,
         fmt::format("annotations: a pod's do not reach its containers: add \"io.holdfast.*\" to "
                     "pod_annotations and container_annotations of the runtime \"{}\" in {}",
                     on.configured.runtime_name, kContainerdToml));
}

void check_annotations(const Examination& on) {
  switch (on.engine) {
    case Engine::kPodman:
      on.add(Verdict::kOk, "annotations: podman run --annotation hands them on");
      return;
    case Engine::kContainerd:
      check_containerds_annotations(on);
      return;
    case Engine::kDocker:
      check_dockers_annotations(on);
      return;
    case Engine::kCrio:
      on.add(Verdict::kOk, "annotations: a pod's reach its containers");
      return;
  }
}

// What is built has podman's configuration and no annotations. As root, buildah (1.28) reads hooks
// of /etc/containers by itself.
std::string about_builds(const Examination& on) {
  const Configured& configured = on.configured;
  if (configured.is_default) {
    return "the runtime too";
  }
  if (!configured.runtime.empty()) {
    return "no annotations, so no hook; the runtime with --runtime " + configured.runtime;
  }
  return configured.hooks_everyone && !on.owner.is_user()
             ? "the hook too, where it is in /etc/containers/oci/hooks.d"
             : "";
}

void check_builds(const Examination& on) {
  if (on.engine != Engine::kPodman) {
    return;
  }
  const std::string about = about_builds(on);
  on.add(about.empty() ? Verdict::kWarning : Verdict::kOk,
         "builds (podman build, buildah): " +
             (about.empty() ? "no annotations, so no hook: give the runtime too, `holdfast install "
                              "podman`"
                            : about));
}

// One of what holdfast wrote, by what became of it.
void check_file(const Examination& on, const FileStatus& file) {
  switch (file.state) {
    case State::kAsWritten:
    case State::kByHand:
    case State::kNoProgram:  // told of runtime and hook
      return;
    case State::kChanged:
      on.add(Verdict::kWarning,
             fmt::format("{} was changed since holdfast wrote it: look at it; `holdfast install "
                         "--force {}` writes it anew and keeps a copy",
                         file.path, name_of(on.engine)));
      return;
    case State::kOutdated:
      on.add(Verdict::kWarning,
             fmt::format("{} repeats what has changed since it was written: run `{}`", file.path,
                         on.install()));
      return;
    case State::kMissing:
      on.add(Verdict::kFailure,
             fmt::format("{} has lost what holdfast wrote: run `{}`, or `holdfast uninstall {}` "
                         "if that was meant",
                         file.path, on.install(), name_of(on.engine)));
      return;
    case State::kUnreadable:
      on.add(Verdict::kFailure, file.problem);
      return;
  }
}

// What our files say and the engine does not read out of all of them.
void check_effect(const Examination& on) {
  const Configured& configured = on.configured;
  const bool is_undone =
      (on.status.says("runtime") && configured.runtime.empty()) ||
      (on.status.says("hook") && configured.hook.empty()) ||
      (on.status.says("default") && !configured.is_default && !configured.hooks_everyone);
  for (const std::string& note : on.wanted.notes) {
    on.add(is_undone ? Verdict::kFailure : Verdict::kWarning, note);
  }
  if (is_undone && on.wanted.notes.empty()) {
    on.add(Verdict::kFailure,
           "what holdfast wrote has no effect: another file of the engine undoes it");
  }
}

void check_nothing(const Examination& on) {
  // With a note of what there is instead, as where containerd's CRI is disabled.
  if (on.wanted.files.empty() && !on.wanted.notes.empty()) {
    on.add(Verdict::kOk, on.wanted.notes.front());
    return;
  }
  on.add(Verdict::kWarning,
         fmt::format("not configured, its containers are unguarded: run `{}`", on.install()));
}

void check_all(const Examination& on) {
  for (const FileStatus& file : on.status.files) {
    check_file(on, file);
  }
  if (on.configured.is_nothing() && on.status.configured.empty()) {
    check_nothing(on);
    return;
  }
  check_runtime(on);
  check_hook(on);
  check_effect(on);
  if (!on.configured.is_nothing()) {
    check_annotations(on);
    check_builds(on);
  }
}

std::string with_runtime(Engine engine, const std::string& name) {
  const bool is_pod = engine == Engine::kContainerd || engine == Engine::kCrio;
  return (is_pod ? "with a RuntimeClass of the handler " : "with --runtime ") + name;
}

void tell_tiers(Engine engine, const Configured& configured, Diagnosis& diagnosis) {
  const Tier called = configured.rewrites ? Tier::kPrecreate : Tier::kHook;
  const Tier by_hook = configured.hook.empty() ? Tier::kNone : called;
  diagnosis.everyone = configured.hooks_everyone ? by_hook : Tier::kNone;
  diagnosis.everyone = configured.is_default ? Tier::kRuntime : diagnosis.everyone;
  diagnosis.ways = {{with_runtime(engine, configured.runtime_name),
                     configured.runtime.empty() ? Tier::kNone : Tier::kRuntime},
                    {"with an annotation io.holdfast.…", by_hook}};
  std::erase_if(diagnosis.ways,
                [&diagnosis](const Way& way) { return way.gets <= diagnosis.everyone; });
}

// With the programs that are configured, so that what install would say of them is true.
WantedFiles wanted_of(const Examination& on, const Record& record) {
  Programs programs{on.configured.runtime, on.configured.hook};
  const std::string& runtime = programs.runtime;
  const std::string over = runtime.ends_with("-runc")   ? "runc"
                           : runtime.ends_with("-crun") ? "crun"
                                                        : "";
  const auto complete = programs_for(on.engine, on.tree, programs, over);
  programs.real = complete.ok() ? complete.value().real : "";
  Options options = on.diagnosis.options;
  options.force = true;
  auto wanted = wanted_files(on.engine, {on.tree, on.owner, programs, options, record});
  if (!wanted.ok()) {
    on.add(Verdict::kWarning, wanted.error().message);
    return {{Wanted{}}, {}};
  }
  return std::move(wanted).value();
}

}  // namespace

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kWarning:
      return "warn";
    case Verdict::kFailure:
      return "fail";
  }
  return "";
}

const char* name_of(Tier tier) {
  switch (tier) {
    case Tier::kNone:
      return "none";
    case Tier::kHook:
      return "hook";
    case Tier::kPrecreate:
      return "precreate";
    case Tier::kRuntime:
      return "runtime";
  }
  return "";
}

std::string install_command(Engine engine, const Options& options) {
  std::string command = "holdfast install ";
  if (options.with != With::kBoth && has_hooks(engine)) {
    command += options.with == With::kHook ? "--with hook " : "--with runtime ";
  }
  return command + (options.by_default ? "--default " : "") + name_of(engine);
}

Diagnosis diagnose(Engine engine, const Tree& tree, const Owner& owner, const Record& record) {
  Diagnosis diagnosis{name_of(engine), find_engine(tree, engine)};
  if (tree.is_system() && !diagnosis.program.empty()) {
    diagnosis.version = version_of(tree, diagnosis.program);
  }
  Examination on{engine, tree, owner, status_of(engine, tree, owner, record), {}, {}, diagnosis};
  diagnosis.options = on.status.options();
  auto read = configured(engine, tree, owner);
  if (!read.ok()) {
    on.add(Verdict::kFailure, read.error().message);
    return diagnosis;
  }
  on.configured = read.value();
  on.wanted = wanted_of(on, record);
  check_all(on);
  tell_tiers(engine, on.configured, diagnosis);
  const bool has_nothing = on.configured.is_nothing() && !on.wanted.files.empty();
  diagnosis.needs_install = has_nothing || !on.status.is_sound();
  return diagnosis;
}

Diagnosis diagnose_plain(const std::string& name, const Tree& tree, const Programs& ours) {
  Diagnosis diagnosis{name, find_program(tree, name)};
  const std::string wrapper =
      ours.runtime.substr(0, ours.runtime.rfind('/') + 1) + "holdfast-" + name;
  if (!tree.has_program(wrapper)) {
    diagnosis.checks.push_back(
        {Verdict::kWarning, wrapper + " is not there: link holdfast-runtime to that name"});
    return diagnosis;
  }
  const std::string real = tree.is_system() ? version_of(tree, wrapper) : "";
  diagnosis.version = tree.is_system() ? version_of(tree, diagnosis.program) : "";
  const bool is_good = !tree.is_system() || (!real.empty() && real == diagnosis.version);
  diagnosis.checks.push_back(
      {is_good ? Verdict::kOk : Verdict::kWarning,
       is_good ? fmt::format("{} takes its whole command line and executes it", wrapper)
               : fmt::format("{} does not execute it: see what `{} --version` says", wrapper,
                             wrapper)});
  diagnosis.ways = {{"called as " + wrapper, Tier::kRuntime}};
  return diagnosis;
}

Check judge_running(Engine engine, const std::vector<Running>& running,
                    const std::set<std::string>& guarded) {
  std::size_t count = 0;
  std::vector<std::string> others;
  for (const Running& one : running) {
    if (one.engine != engine) {
      continue;
    }
    ++count;
    if (!guarded.contains(one.id)) {
      others.push_back(one.name.empty() ? one.id.substr(0, 12) : one.name);
    }
  }
  if (count == 0) {
    return {Verdict::kOk,
            "running: no container; start one and ask again to see that it is guarded"};
  }
  if (others.empty()) {
    return {Verdict::kOk, fmt::format("running: {}, all known to the monitor", count)};
  }
  const std::size_t more = others.size() - std::min<std::size_t>(others.size(), 5);
  others.resize(others.size() - more);
  return {Verdict::kWarning,
          fmt::format("running: {} of {} not known to the monitor ({}{}): they did not ask for "
                      "guard, or are older than the configuration; make them anew",
                      others.size() + more, count, fmt::join(others, ", "),
                      more == 0 ? "" : fmt::format(" and {} more", more))};
}

}  // namespace holdfast::engine
