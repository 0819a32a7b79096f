#include "shim/shim.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <span>
#include <string>

#include "shim/command_line.h"
#include "shim/exec_into.h"
#include "shim/guard.h"
#include "shim/refuse.h"
#include "shim/runtime.h"
#include "src/profile/load.h"

namespace holdfast::shim {
namespace {

Result<std::string> choose_runtime(const char* called_as, const std::string& configured) {
  const char* path = std::getenv("PATH");
  return find_runtime({called_as, configured, path != nullptr ? path : "", own_identity()});
}

}  // namespace

int run(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  const char* called_as = argc > 0 ? arguments[0] : "holdfast-runtime";
  const auto config = profile::load_config();
  const auto runtime =
      choose_runtime(called_as, config.ok() ? config.value().runtime : std::string());
  const CommandLine line = parse_command_line(
      arguments.subspan(argc > 0 ? 1 : 0), flavor_of(runtime.ok() ? runtime.value() : called_as));
  if (!runtime.ok()) {
    return refuse(line, runtime.error().message);
  }
  if (line.starts_container) {
    // Other verbs go on without a configuration: what runs must stay controllable.
    const Status guarded = config.ok() ? guard_container(line, config.value()) : config.error();
    if (!guarded.ok()) {
      return refuse(line, guarded.error().message);
    }
  }
  if (line.enters_container) {
    const Status judged = judge_exec(line, config.ok() ? config.value() : profile::Config());
    if (!judged.ok()) {
      return refuse(line, judged.error().message);
    }
  }
  if (argc > 0) {
    // crun decides by argv[0] what it is.
    arguments[0] = const_cast<char*>(runtime.value().c_str());  // NOLINT: exec changes nothing
  }
  execv(runtime.value().c_str(), argv);
  return refuse(line, fail_errno("cannot execute " + runtime.value(), errno).message);
}

}  // namespace holdfast::shim
