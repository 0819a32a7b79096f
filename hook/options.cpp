#include "hook/options.h"

#include <string_view>

namespace holdfast::hook {
namespace {

// The member that an option of that name fills; nullptr for a name that is none.
std::string* target_of(Options& options, std::string_view name) {
  if (name == "--config") {
    return &options.config;
  }
  if (name == "--socket") {
    return &options.socket;
  }
  if (name == "--refuse") {
    return &options.refuse;
  }
  if (name == "--bundle") {
    return &options.bundle;
  }
  return name == "--spec" ? &options.spec : nullptr;
}

Result<Stage> stage_of(std::string_view name) {
  if (name == "createRuntime" || name == "prestart") {
    return Stage::kCreate;
  }
  if (name == "precreate") {
    return Stage::kPrecreate;
  }
  if (name == "poststop") {
    return Stage::kPoststop;
  }
  return fail(
      "\"" + std::string(name) +
      "\" is not a stage of this hook; give precreate, createRuntime, prestart or poststop");
}

}  // namespace

const char* const kHelp =
    "usage: holdfast-hook [--config FILE] [--socket PATH] [--spec FILE] [--bundle DIR]\n"
    "                     [--refuse WHY] STAGE\n"
    "\n"
    "An OCI hook: an OCI runtime calls it with the container's state on standard input.\n"
    "STAGE is one of\n"
    "  precreate      podman's: config.json comes on standard input; print it with the profile's\n"
    "                 seccomp filter and read-only root, or refuse the container\n"
    "  createRuntime  register the container with the monitor, or refuse it\n"
    "  prestart       the same, for runtimes that do not know createRuntime\n"
    "  poststop       forget the container\n"
    "Add it to config.json, to podman's hooks.d (there at precreate too) or to CRI-O's hooks_dir "
    "at\n"
    "createRuntime and poststop, with a timeout and an environment of its own. holdfast-runtime "
    "adds\n"
    "it itself.\n"
    "\n"
    "  --config FILE  another /etc/holdfast/holdfast.json\n"
    "  --socket PATH  the monitor's socket, in place of what holdfast.json says\n"
    "  --spec FILE    another config.json than the bundle's\n"
    "  --bundle DIR   the bundle, where the state says \"/\": crun forgets it in a container with "
    "a\n"
    "                 user namespace and devices\n"
    "  --refuse WHY   refuse the container: what precreate has decided, where runtimes say why\n"
    "  --help         this text\n";

Result<Options> parse_options(std::span<const char* const> arguments) {
  Options options;
  bool has_stage = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--help" || argument == "-h") {
      return Options{};
    }
    if (std::string* target = target_of(options, argument); target != nullptr) {
      if (++i == arguments.size()) {
        return fail(std::string(argument) + " lacks its value; see holdfast-hook --help");
      }
      *target = arguments[i];
    } else if (has_stage) {
      return fail("one stage only, not \"" + std::string(argument) + "\" as well");
    } else {
      options.stage = TRY(stage_of(argument));
      has_stage = true;
    }
  }
  if (!has_stage) {
    return fail("no stage given; see holdfast-hook --help");
  }
  return options;
}

}  // namespace holdfast::hook
