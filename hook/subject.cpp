#include "hook/subject.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "src/base/beneath.h"
#include "src/base/cgroup.h"
#include "src/base/path.h"
#include "src/oci/image.h"
#include "src/profile/identity.h"
#include "src/profile/load.h"
#include "src/seccomp/compose.h"

namespace holdfast::hook {
namespace {

// A registration is one packet, and most annotations are only there for alerts to show: kubectl
// puts whole manifests into one.
constexpr std::size_t kMaxAnnotationsBytes = 32 * 1024;

Result<oci::Spec> read_spec(const std::string& folder, const std::string& name) {
  const base::FileContent file = TRY(base::read_beneath(folder, name, oci::kSpecLimits.max_bytes));
  return oci::parse_spec(file.bytes, folder + "/" + name);
}

// Those that choose and change the profile are kept whole: the monitor asks them again when it is
// told to read the profiles anew.
oci::Annotations shortened(const oci::Annotations& annotations) {
  oci::Annotations kept;
  std::size_t total = 0;
  for (const auto& [key, value] : annotations) {
    const std::size_t size = key.size() + value.size();
    const bool fits =
        size <= monitor::kMaxToldAnnotationBytes && total + size <= kMaxAnnotationsBytes;
    const bool decides = profile::is_deciding(key, value);
    if (fits || decides) {
      total += decides ? 0 : size;
      kept.emplace(key, value);
    }
  }
  return kept;
}

// The guard of the rootfs as config.json has it: by mount.
bool lacks_readonly_root(const oci::Spec& spec, const profile::Compiled& compiled) {
  return compiled.readonly_root && !spec.root.readonly;
}

// Composing is idempotent: a filter that would still change is not the profile's.
Result<bool> lacks_filter(const oci::Spec& spec, const profile::SeccompPlan& plan, bool enforcing) {
  const auto composed = TRY(seccomp::compose(spec.seccomp, plan, enforcing));
  return composed && (!spec.seccomp || *composed != *spec.seccomp);
}

// What the profile names itself. The engine's own filter may stand in for the base.
profile::SeccompPlan denied_by_name(const profile::SeccompPlan& plan) {
  profile::SeccompPlan named;
  named.deny = plan.deny;
  named.notify = plan.notify;
  named.allow_only = plan.allow_only;
  named.log_others = plan.log_others;
  named.error = plan.error;
  return named;
}

bool wants_refusals(const profile::SeccompPlan& plan) {
  return std::find(plan.refuse.begin(), plan.refuse.end(), true) != plan.refuse.end();
}

}  // namespace

Result<Subject> read_subject(const oci::State& state, const Options& options,
                             const profile::Config& config) {
  Subject subject;
  subject.state = state;
  if (options.spec.empty()) {
    subject.spec = TRY(read_spec(state.bundle, "config.json"));
  } else {
    const std::size_t slash = options.spec.rfind('/');
    if (!options.spec.starts_with('/')) {
      return fail("--spec " + options.spec + " is not an absolute path");
    }
    subject.spec = TRY(read_spec(options.spec.substr(0, slash), options.spec.substr(slash + 1)));
  }
  const profile::Source source = profile::file_source(profile::profile_directories(config));
  subject.engine = oci::engine_of(subject.spec.annotations, state.bundle, state.id);
  profile::Identity known = TRY(profile::identify(subject.spec, subject.engine, state.bundle));
  subject.name = std::move(known.name);
  subject.resolved = TRY(profile::resolve(source, config, subject.spec.annotations, known.image));
  TRY(profile::check_filter_is_used(subject.resolved.profile, config, subject.spec.annotations));
  return subject;
}

Result<std::string> missing_prevention(const Subject& subject, const profile::Compiled& compiled,
                                       bool enforcing) {
  const char* remedy = "run the container with holdfast-runtime";
  if (lacks_readonly_root(subject.spec, compiled)) {
    return fmt::format(
        "the profile wants a read-only root file system, which only the runtime can make; {}",
        remedy);
  }
  const profile::SeccompPlan& plan = compiled.seccomp;
  if (TRY(lacks_filter(subject.spec, denied_by_name(plan), enforcing))) {
    return fmt::format(
        "config.json lacks the seccomp filter of the calls that the profile denies; {}", remedy);
  }
  if (enforcing || subject.resolved.profile.mode != profile::Mode::kEnforce) {
    return std::string();
  }
  if (!plan.base && wants_refusals(plan)) {
    return std::string(
        "this kernel's back end only detects, and with the profile's seccomp base \"none\" nothing "
        "else refuses what it denies; use base \"container\", or a kernel with BPF LSM");
  }
  if (TRY(lacks_filter(subject.spec, plan, enforcing))) {
    return fmt::format(
        "this kernel's back end only detects, and config.json lacks the seccomp filter that would "
        "refuse; {}",
        remedy);
  }
  return std::string();
}

Result<std::string> find_cgroup(pid_t init, const std::string& proc_root,
                                const std::string& sysfs_cgroup) {
  const std::string cgroup = TRY(base::cgroup_of(proc_root, init));
  const std::string mount = base::cgroup2_mount(sysfs_cgroup);
  // On a hybrid host runtimes manage the v1 hierarchies and may leave v2 alone: then the container
  // is known by descent only.
  if (cgroup.empty() || mount.empty() || (cgroup == "/" && base::is_hybrid(sysfs_cgroup))) {
    return std::string();
  }
  const auto foreign = TRY(base::foreign_members(proc_root, mount + cgroup, init));
  if (!foreign.empty()) {
    return fail(fmt::format(
        "the cgroup {} of the container also holds process {}, which is not the container's; give "
        "the container a cgroup of its own (linux.cgroupsPath in config.json, or the engine's "
        "cgroup manager)",
        cgroup, foreign.front()));
  }
  return cgroup;
}

monitor::Container describe(const Subject& subject) {
  const oci::State& state = subject.state;
  monitor::Container container;
  container.id = state.id;
  container.name = subject.name;
  container.image = subject.resolved.image;
  container.profile = subject.resolved.profile.name;
  container.mode = profile::mode_name(subject.resolved.profile.mode);
  container.engine = subject.engine;
  container.bundle = state.bundle;
  container.annotations = shortened(subject.spec.annotations);
  return container;
}

std::string rootfs_of(const Subject& subject) {
  const std::string& path = subject.spec.root.path;
  return base::clean_path(path.starts_with('/') ? path : subject.state.bundle + "/" + path);
}

}  // namespace holdfast::hook
