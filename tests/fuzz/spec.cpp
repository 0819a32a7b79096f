// config.json as shim and hook read and rewrite it.
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "src/guard/rewrite.h"
#include "tests/fuzz/target.h"

namespace holdfast::fuzz {
namespace {

constexpr const char* kPath = "/b/config.json";

Files profiles() {
  Files files = shipped_profiles();
  files["/p/listed.json"] = R"({"schema":"holdfast.profile/v1","name":"listed","extends":"default",
    "rootfs":{"guard":"readonly","writable":["/run","/var/cache"],"new_executables":"deny"},
    "seccomp":{"deny":["mount","socket"],"log":["ptrace","openat"],"errno":"ENOSYS",
      "allow_only":["execve","exit_group","clone","openat","socket","read"]}})";
  files["/p/asked.json"] = R"({"schema":"holdfast.profile/v1","name":"asked","extends":"default",
    "mode":"detect","seccomp":{"base":"none","deny":["clone3"],"notify":["mkdir"]}})";
  files["/p/admitting.json"] = R"({"schema":"holdfast.profile/v1","name":"admitting",
    "admit":{"privileged":"alert","host_namespaces":"alert","capabilities":"alert","devices":"alert",
      "unmasked_paths":"alert","root_user":"alert","control_sockets":"alert",
      "mounts":{"alert":["/","/etc","/run"]}}})";
  return files;
}

profile::Config config_with(const char* profile) {
  profile::Config config;
  config.default_profile = profile;
  return config;
}

Result<std::string> rewritten(std::string_view bytes, const profile::Source& source,
                              const profile::Config& config, bool enforcing) {
  guard::Subject subject = TRY(guard::read_subject(bytes, kPath, source, config));
  return guard::rewrite(std::move(subject), enforcing, {"/usr/libexec/holdfast/holdfast-hook", {}},
                        profile::unknown_host());
}

// podman and restore read a file again that was rewritten before.
Status rewrite_twice(std::string_view bytes, const profile::Source& source,
                     const profile::Config& config, bool enforcing) {
  const std::string once = TRY(rewritten(bytes, source, config, enforcing));
  if (once.empty()) {
    return Ok{};
  }
  const auto again = rewritten(once, source, config, enforcing);
  require(again.ok(), "what was rewritten can be read again");
  require(again.value().empty(), "rewriting twice is rewriting once");
  return Ok{};
}

// As the hook does.
void judge_admissions(const profile::Source& source, const oci::Spec& spec) {
  const profile::Profile profile = profile::load_profile(source, "admitting").value();
  const auto compiled = profile::compile(profile, spec, true);
  if (!compiled.ok()) {
    return;
  }
  for (const auto& admission : profile::admit(compiled.value(), spec, profile::unknown_host())) {
    require(!admission.asks.empty() && !admission.refused, "what is told has a text");
  }
}

}  // namespace

Status judge(std::string_view bytes) {
  static const Files files = profiles();
  static const profile::Source source = source_of(files);
  // The hook reads what the shim let pass.
  const Result<oci::Spec> spec = oci::parse_spec(bytes, kPath);
  if (spec.ok()) {
    judge_admissions(source, spec.value());
  }
  Status status = Ok{};
  for (const char* profile : {"default", "immutable", "listed", "asked"}) {
    for (const bool enforcing : {true, false}) {
      const Status now = rewrite_twice(bytes, source, config_with(profile), enforcing);
      require(spec.ok() || !now.ok(), "the hook understands every config.json that the shim does");
      status = status.ok() ? now : status;
    }
  }
  return status;
}

}  // namespace holdfast::fuzz
