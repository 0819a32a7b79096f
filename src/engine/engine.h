// The container engines that holdfast can be installed into, and what it was asked to do there.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::engine {

enum class Engine { kPodman, kContainerd, kDocker, kCrio };

inline constexpr std::array kEngines = {Engine::kPodman, Engine::kContainerd, Engine::kDocker,
                                        Engine::kCrio};

// As on the command line: "podman", "containerd", "docker", "crio".
const char* name_of(Engine engine);
std::optional<Engine> engine_named(std::string_view name);

// The name of the daemon's program, or podman's.
const char* program_of(Engine engine);

// Whether it reads a directory of hooks; the others know runtimes only.
bool has_hooks(Engine engine);

enum class With { kRuntime, kHook, kBoth };

struct Options {
  With with = With::kBoth;
  bool by_default = false;  // for every container, not only for those that ask for it
  bool force = false;       // over what somebody else wrote or changed
};

// Absolute paths, as the engine will see them.
struct Programs {
  std::string runtime;  // holdfast-runtime, or one of its other names
  std::string hook;
  std::string real{};  // what `runtime` executes; "" when it is not known
};

// Whose configuration it is: the system's, or, for podman alone, that of an ordinary user.
struct Owner {
  std::string config_home;  // the user's $XDG_CONFIG_HOME; "" for the system
  std::string state_home;   // the user's $XDG_STATE_HOME

  [[nodiscard]] bool is_user() const { return !config_home.empty(); }
};

// What the runtime is called in every engine's configuration.
inline constexpr const char* kRuntimeName = "holdfast";

}  // namespace holdfast::engine
