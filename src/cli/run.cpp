#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "src/base/beneath.h"
#include "src/base/self.h"
#include "src/cli/commands.h"
#include "src/oci/edit.h"
#include "src/oci/spec.h"
#include "src/profile/config.h"
#include "src/profile/load.h"
#include "src/profile/resolve.h"

namespace holdfast::cli {

namespace {

struct Given {
  std::string profile;
  std::string runtime;
  std::string id;
  std::string bundle;
};

Result<std::string> absolute_bundle(const std::string& bundle) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::canonical(bundle, error);
  if (error) {
    return fail_errno("cannot find the bundle " + bundle, error.value());
  }
  return path.string();
}

// The runtime would refuse what cannot be resolved as well, but with config.json changed already.
Status check_profile(const std::string& profile, oci::Annotations annotations) {
  const profile::Config config = TRY(profile::load_config());
  annotations[profile::kProfileAnnotation] = profile;
  TRY(profile::resolve(profile::file_source(profile::profile_directories(config)), config,
                       annotations));
  return Ok{};
}

// Rewrites the bundle's config.json so that the runtime finds the profile where engines put it,
// too.
Status annotate(const std::string& bundle, const std::string& profile) {
  const std::string path = bundle + "/config.json";
  const base::FileContent old =
      TRY(base::read_beneath(bundle, "config.json", oci::kSpecLimits.max_bytes));
  const oci::Spec spec = TRY(oci::parse_spec(old.bytes, path));
  TRY(check_profile(profile, spec.annotations));
  const auto given = spec.annotations.find(profile::kProfileAnnotation);
  if (given != spec.annotations.end() && given->second == profile) {
    return Ok{};
  }
  oci::Document document = TRY(oci::parse_document(old.bytes, path));
  oci::set_annotation(document, profile::kProfileAnnotation, profile);
  return base::replace_beneath(bundle, "config.json", oci::document_text(document), old);
}

// holdfast-runtime of the same installation or build tree, else the one on PATH.
std::string find_shim() {
  for (const char* beside : {"holdfast-runtime", "../../shim/holdfast-runtime"}) {
    const std::string found = base::find_program("", beside);
    if (!found.empty()) {
      return found;
    }
  }
  return "holdfast-runtime";
}

// Returns only on failure.
Error exec_shim(const Given& given, const std::string& bundle) {
  const std::string program = find_shim();
  // The runtime reads in its own name which one it stands for.
  const std::string name = "holdfast-" + (given.runtime.empty() ? "runtime" : given.runtime);
  const std::string id =
      given.id.empty() ? std::filesystem::path(bundle).filename().string() : given.id;
  const std::array<const char*, 6> argv = {name.c_str(),   "run",      "--bundle",
                                           bundle.c_str(), id.c_str(), nullptr};
  execvp(program.c_str(),
         const_cast<char* const*>(argv.data()));  // NOLINT: exec changes nothing there
  return fail_errno("cannot run " + program, errno);
}

Error run_bundle(const Given& given) {
  const Result<std::string> bundle = absolute_bundle(given.bundle);
  if (!bundle.ok()) {
    return bundle.error();
  }
  if (!given.profile.empty()) {
    const Status annotated = annotate(bundle.value(), given.profile);
    if (!annotated.ok()) {
      return annotated.error();
    }
  }
  return exec_shim(given, bundle.value());
}

}  // namespace

void add_run(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("run", "Run an OCI bundle under guard");
  command->footer(
      "Runs `holdfast-runtime run --bundle BUNDLE ID`, in the foreground, and ends with the "
      "container's exit status.\n"
      "--profile writes the annotation io.holdfast.profile into the bundle's config.json, where it "
      "stays; the runtime\n"
      "adds hooks, a seccomp filter and what the profile asks for there as well.\n"
      "\n"
      "Example: holdfast run --profile immutable ./bundle");
  auto given = std::make_shared<Given>();
  command->add_option("--profile", given->profile,
                      "Name of a profile, or its absolute path below the profile directories");
  command->add_option("--runtime", given->runtime, "The runtime that does the work")
      ->check(CLI::IsMember({"runc", "crun"}));
  command->add_option("--id", given->id, "Id of the container [the bundle's name]");
  command->add_option("BUNDLE", given->bundle, "Directory with config.json")->required();
  command->callback([given, &status] { status = complain(run_bundle(*given)); });
}

}  // namespace holdfast::cli
