#include "shim/runtime.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

namespace holdfast::shim {
namespace {

// What podman and systemd give when nothing else is set.
constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::string_view kOwnPrefix = "holdfast-";

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_usable(const std::string& path, const FileIdentity& self) {
  struct stat file {};
  return stat(path.c_str(), &file) == 0 && S_ISREG(file.st_mode) &&
         access(path.c_str(), X_OK) == 0 && FileIdentity{file.st_dev, file.st_ino} != self;
}

// "" when no folder on PATH has it.
std::string search(std::string_view name, const Surroundings& surroundings) {
  std::string_view path = surroundings.path.empty() ? kDefaultPath : surroundings.path;
  while (!path.empty()) {
    const std::string_view folder = path.substr(0, path.find(':'));
    path.remove_prefix(folder.size() == path.size() ? folder.size() : folder.size() + 1);
    if (!folder.starts_with('/')) {
      continue;
    }
    std::string candidate = std::string(folder) + "/" + std::string(name);
    if (is_usable(candidate, surroundings.self)) {
      return candidate;
    }
  }
  return "";
}

Result<std::string> find_configured(const Surroundings& surroundings) {
  const std::string& configured = surroundings.configured;
  if (is_usable(configured, surroundings.self)) {
    return configured;
  }
  return fail("the runtime " + configured +
              " cannot be executed or is holdfast-runtime itself; correct \"runtime\" in "
              "holdfast.json");
}

}  // namespace

Result<std::string> find_runtime(const Surroundings& surroundings) {
  std::string_view called = base_name(surroundings.called_as);
  called.remove_prefix(called.starts_with(kOwnPrefix) ? kOwnPrefix.size() : called.size());
  if (called == "runc" || called == "crun") {
    // Somewhere PATH does not reach, the configuration may name it.
    if (base_name(surroundings.configured) == called &&
        is_usable(surroundings.configured, surroundings.self)) {
      return surroundings.configured;
    }
    std::string found = search(called, surroundings);
    if (!found.empty()) {
      return found;
    }
    return fail(std::string(called) + " is not on PATH; install it, or call holdfast-runtime");
  }
  if (!surroundings.configured.empty()) {
    return find_configured(surroundings);
  }
  for (const char* name : {"crun", "runc"}) {
    std::string found = search(name, surroundings);
    if (!found.empty()) {
      return found;
    }
  }
  return fail(
      "neither crun nor runc is on PATH; install one, or name it as \"runtime\" in "
      "holdfast.json");
}

FileIdentity own_identity() {
  struct stat self {};
  if (stat("/proc/self/exe", &self) != 0) {
    return {};
  }
  return {self.st_dev, self.st_ino};
}

}  // namespace holdfast::shim
