#include "src/guard/rewrite.h"

#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "src/oci/filter.h"
#include "src/oci/image.h"
#include "src/profile/identity.h"
#include "src/seccomp/compose.h"

namespace holdfast::guard {
namespace {

using oci::Document;

constexpr const char* kHookName = "holdfast-hook";
// Longer than the hook's own deadline (100, hook/hook.cpp), so that it always says why.
constexpr std::int64_t kHookTimeoutSeconds = 120;
// What hooks get when nothing else is said: never the image's environment, nor the engine's.
constexpr const char* kHookPath = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";

// The edits say whether they changed anything.

// An engine that has the hook itself (hooks.d) keeps its entries.
bool add_hooks(Document& document, const HookCommand& hook) {
  const bool starts = oci::has_hook(document, "createRuntime", kHookName) ||
                      oci::has_hook(document, "prestart", kHookName);
  const bool stops = oci::has_hook(document, "poststop", kHookName);
  if (!starts) {
    oci::append_hook(document, "createRuntime", hook_entry(hook, "createRuntime"));
  }
  if (!stops) {
    oci::append_hook(document, "poststop", hook_entry(hook, "poststop"));
  }
  return !starts || !stops;
}

bool edit_rootfs(Document& document, const profile::Compiled& compiled) {
  if (!compiled.readonly_root) {
    return false;
  }
  const bool was_writable = oci::set_readonly_root(document);
  return oci::add_tmpfs(document, compiled.tmpfs, compiled.tmpfs_noexec) || was_writable;
}

Result<bool> edit_seccomp(Document& document, const oci::Spec& spec,
                          const profile::SeccompPlan& plan, bool enforcing) {
  const auto composed = TRY(seccomp::compose(spec.seccomp, plan, enforcing));
  return composed && oci::set_seccomp(document, *composed);
}

}  // namespace

Result<std::string> image_in(const oci::Spec& spec, const std::string& bundle) {
  const std::string engine = oci::engine_of(spec.annotations, bundle, "");
  return TRY(profile::identify(spec, engine, bundle)).image;
}

oci::HookEntry hook_entry(const HookCommand& hook, const std::string& stage) {
  oci::HookEntry entry{hook.path, {kHookName}, {kHookPath}, kHookTimeoutSeconds};
  entry.args.insert(entry.args.end(), hook.options.begin(), hook.options.end());
  entry.args.push_back(stage);
  return entry;
}

Result<Subject> read_subject(std::string_view bytes, const std::string& path,
                             const profile::Source& source, const profile::Config& config,
                             const FindImage& image) {
  Subject subject;
  subject.document = TRY(oci::parse_document(bytes, path));
  subject.spec = TRY(oci::read_spec(nlohmann::json(subject.document), path));
  const std::string known = image ? TRY(image(subject.spec)) : "";
  subject.resolved = TRY(profile::resolve(source, config, subject.spec.annotations, known));
  if (subject.resolved.profile.mode == profile::Mode::kOff) {
    return subject;
  }
  if (config.annotations_allow.contains(profile::kFilterAnnotationsWord)) {
    return subject;
  }
  for (const char* annotation : oci::kFilterAnnotations) {
    subject.edited |= oci::remove_annotation(subject.document, annotation);
    subject.spec.annotations.erase(annotation);
  }
  return subject;
}

Result<std::string> rewrite(Subject subject, bool enforcing, const HookCommand& hook,
                            const profile::Host& host) {
  const profile::Compiled compiled =
      TRY(profile::compile(subject.resolved.profile, subject.spec, enforcing));
  if (!compiled.guarded) {
    return std::string();
  }
  // The hook tells what is only to be told.
  const auto admissions = profile::admit(compiled, subject.spec, host, HF_DENY);
  if (const std::string why = profile::refusal_of(admissions); !why.empty()) {
    return fail(fmt::format("the container is refused: {} (profile \"{}\")", why,
                            subject.resolved.profile.name));
  }
  Document& document = subject.document;
  bool changed = subject.edited;
  changed |= edit_rootfs(document, compiled);
  changed |= TRY(edit_seccomp(document, subject.spec, compiled.seccomp, enforcing));
  changed |= !subject.cgroup.empty() && oci::set_cgroups_path(document, subject.cgroup);
  changed |= add_hooks(document, hook);
  return changed ? oci::document_text(document) : std::string();
}

}  // namespace holdfast::guard
