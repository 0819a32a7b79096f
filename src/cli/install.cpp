#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "src/cli/commands.h"
#include "src/cli/engine_place.h"
#include "src/cli/installing.h"

namespace holdfast::cli {

namespace {

using engine::Engine;
using engine::With;

struct Given {
  std::vector<std::string> engines;
  std::string root = "/";
  std::string with;
  std::string over;
  engine::Options options;
  bool dry_run = false;
  bool uninstall = false;

  [[nodiscard]] bool is_auto() const {
    return std::find(engines.begin(), engines.end(), "auto") != engines.end();
  }
};

Status work_on(Engine engine, const Given& given, const EnginePlace& place) {
  const Job job{engine, given.options, given.over, given.uninstall, !given.is_auto()};
  if (!given.dry_run) {
    return carry_out(job, place);
  }
  const engine::Plan plan = TRY(decide(job, place)).plan;
  tell_notes(job, plan);
  print_diff(plan);
  return Ok{};
}

// As given; for uninstall, "auto" is also what was configured and is not installed any more.
Result<std::vector<std::string>> names_of(const Given& given, const EnginePlace& place) {
  std::vector<std::string> names = given.engines;
  if (given.uninstall && given.is_auto()) {
    for (const auto& [path, written] : TRY(engine::read_record(place.tree, place.owner))) {
      names.push_back(written.engine);
    }
  }
  return names;
}

bool is_left_as_it_is(Engine engine) {
  if (!engine::has_hooks(engine)) {
    fmt::print(stderr,
               "{0}: has no directory of hooks and stays as it is; to take a runtime out: "
               "holdfast uninstall {0}\n",
               engine::name_of(engine));
  }
  return !engine::has_hooks(engine);
}

// Those that have hooks, when only the hook is wanted.
Result<std::vector<Engine>> choose(const Given& given, const EnginePlace& place) {
  const std::vector<std::string> names = TRY(names_of(given, place));
  std::vector<Engine> engines = TRY(engines_named(names, place));
  if (engines.empty()) {
    return fail("no engine is installed here; name one of podman, containerd, docker, crio");
  }
  if (given.options.with != With::kHook || given.uninstall) {
    return engines;
  }
  for (const Engine engine : engines) {
    if (!engine::has_hooks(engine) && !given.is_auto()) {
      return fail(fmt::format("{} has no directory of hooks: give --with runtime",
                              engine::name_of(engine)));
    }
  }
  std::erase_if(engines, is_left_as_it_is);
  return engines;
}

// One engine that cannot be configured keeps no other from it.
int run(const Given& given) {
  const auto place = open_place(given.root);
  const auto engines =
      place.ok() ? choose(given, place.value()) : Result<std::vector<Engine>>(place.error());
  if (!engines.ok()) {
    return complain(engines.error());
  }
  int status = 0;
  for (const Engine engine : engines.value()) {
    const Status done = work_on(engine, given, place.value());
    if (!done.ok()) {
      status = complain(fail(fmt::format("{}: {}", engine::name_of(engine), done.error().message)));
    }
  }
  return status;
}

constexpr const char* kInstallFooter =
    "Adds holdfast to the configuration of engines and restarts none; says what to do then. As an\n"
    "ordinary user: podman's own configuration in ~/.config/containers, for rootless containers.\n"
    "\n"
    "--with runtime  a runtime \"holdfast\" beside the engine's: --runtime holdfast, or a pod's\n"
    "                runtimeClassName. All that profiles say is in force\n"
    "--with hook     podman and CRI-O call the hook for containers of any runtime that have an\n"
    "                annotation io.holdfast.…: what the kernel can refuse and tell, nothing\n"
    "                about `exec`, and with CRI-O no seccomp filter and no read-only mount\n"
    "--with both     either way; where an engine knows no hooks, the runtime\n"
    "--default       every container, not only those that ask for it. A default runtime that is\n"
    "                not the engine's own is replaced with --force only\n"
    "\n"
    "The options say what shall be: what an earlier install wrote beyond that is taken back, but\n"
    "`--with hook auto` leaves Docker and containerd, which know no hooks, as they are. To\n"
    "the administrator's own files (daemon.json, containerd's config.toml) it adds what is ours, "
    "and\n"
    "keeps them as they were in NAME.holdfast-backup. What was changed by hand since stays, "
    "without\n"
    "--force; with it, a copy is kept in the same way.\n"
    "Ends with 0 when all of it is as asked for, else 1.\n"
    "\n"
    "Examples:\n"
    "  holdfast install --dry-run auto              what would be changed, as a diff\n"
    "  sudo holdfast install podman docker          then: podman run --runtime holdfast …\n"
    "  sudo holdfast install --default containerd   every pod of the node";

constexpr const char* kUninstallFooter =
    "Takes out what `holdfast install` wrote, and leaves the rest of each file as it is. What was\n"
    "changed by hand since stays, without --force.\n"
    "\n"
    "Example: sudo holdfast uninstall auto";

void add_common(CLI::App& command, Given& given) {
  add_engines(command, given.engines, true)->required();
  command.add_flag("--dry-run", given.dry_run, "Change nothing, and print a diff of what would be");
  command.add_flag("--force", given.options.force,
                   "Also over what was changed by hand or is somebody else's");
  add_root_option(command, given.root);
}

With with_named(const std::string& name) {
  if (name == "hook") {
    return With::kHook;
  }
  return name == "runtime" ? With::kRuntime : With::kBoth;
}

}  // namespace

void add_install(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("install", "Have engines start containers under holdfast");
  command->footer(kInstallFooter);
  auto given = std::make_shared<Given>();
  add_common(*command, *given);
  given->with = "both";
  command->add_option("--with", given->with, "What the engine is to use")
      ->check(CLI::IsMember({"runtime", "hook", "both"}))
      ->capture_default_str();
  command->add_flag("--default", given->options.by_default, "For every container of the engine");
  command
      ->add_option("--over", given->over,
                   "The real runtime [holdfast.json's, else the engine's own]")
      ->check(CLI::IsMember({"crun", "runc"}));
  command->callback([given, &status] {
    given->options.with = with_named(given->with);
    status = run(*given);
  });
}

void add_uninstall(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("uninstall", "Take holdfast out of engines' configuration");
  command->footer(kUninstallFooter);
  auto given = std::make_shared<Given>();
  given->uninstall = true;
  add_common(*command, *given);
  command->callback([given, &status] { status = run(*given); });
}

}  // namespace holdfast::cli
