#include "shim/rewrite.h"

#include <optional>

#include <nlohmann/json.hpp>

#include "src/oci/filter.h"
#include "src/seccomp/compose.h"

namespace holdfast::shim {
namespace {

using oci::Document;

constexpr const char* kHookName = "holdfast-hook";
// Longer than the hook's own deadline (100, hook/hook.cpp), so that it always says why.
constexpr std::int64_t kHookTimeoutSeconds = 120;
// What hooks get when nothing else is said: never the image's environment, nor the engine's.
constexpr const char* kHookPath = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";

void add_hook(Document& document, const std::string& stage, const HookCommand& hook) {
  oci::HookEntry entry{hook.path, {kHookName}, {kHookPath}, kHookTimeoutSeconds};
  entry.args.insert(entry.args.end(), hook.options.begin(), hook.options.end());
  entry.args.push_back(stage);
  oci::append_hook(document, stage, entry);
}

// An engine that has the hook itself (hooks.d) keeps its entries.
void add_hooks(Document& document, const HookCommand& hook) {
  if (!oci::has_hook(document, "createRuntime", kHookName) &&
      !oci::has_hook(document, "prestart", kHookName)) {
    add_hook(document, "createRuntime", hook);
  }
  if (!oci::has_hook(document, "poststop", kHookName)) {
    add_hook(document, "poststop", hook);
  }
}

void edit_rootfs(Document& document, const profile::Compiled& compiled) {
  if (!compiled.readonly_root) {
    return;
  }
  oci::set_readonly_root(document);
  for (const std::string& path : compiled.tmpfs) {
    oci::add_tmpfs(document, path, compiled.tmpfs_noexec);
  }
}

Status edit_seccomp(Document& document, const oci::Spec& spec, const profile::SeccompPlan& plan,
                    bool enforcing) {
  const auto composed = TRY(seccomp::compose(spec.seccomp, plan, enforcing));
  if (composed) {
    oci::set_seccomp(document, *composed);
  }
  return Ok{};
}

}  // namespace

Result<Subject> read_subject(std::string_view bytes, const std::string& path,
                             const profile::Source& source, const profile::Config& config) {
  const nlohmann::json judged = TRY(base::parse_json(bytes, path, oci::kSpecLimits));
  Subject subject;
  subject.path = path;
  subject.spec = TRY(oci::read_spec(judged, path));
  subject.document = TRY(oci::parse_document(bytes, path));
  subject.resolved = TRY(profile::resolve(source, config, subject.spec.annotations));
  if (subject.resolved.profile.mode == profile::Mode::kOff) {
    return subject;
  }
  for (const char* annotation : oci::kFilterAnnotations) {
    if (subject.spec.annotations.erase(annotation) != 0) {
      oci::remove_annotation(subject.document, annotation);
      subject.edited = true;
    }
  }
  return subject;
}

Result<std::string> rewrite(const Subject& subject, bool enforcing, const HookCommand& hook) {
  const profile::Compiled compiled =
      TRY(profile::compile(subject.resolved.profile, subject.spec, enforcing));
  if (!compiled.guarded) {
    return std::string();
  }
  Document document = subject.document;
  edit_rootfs(document, compiled);
  TRY(edit_seccomp(document, subject.spec, compiled.seccomp, enforcing));
  add_hooks(document, hook);
  return !subject.edited && document == subject.document ? std::string()
                                                         : oci::document_text(document);
}

}  // namespace holdfast::shim
