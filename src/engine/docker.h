// Docker's daemon.json, which knows no drop-ins: a runtime is added to the administrator's file.
#pragma once

#include <string>

#include "src/engine/configured.h"
#include "src/engine/files.h"

namespace holdfast::engine {

inline constexpr const char* kDaemonJson = "/etc/docker/daemon.json";

// `replaced` becomes the default runtime again where ours is.
Result<Parts> take_apart_daemon_json(const std::string& text, const std::string& path,
                                     const std::string& replaced);
Result<WantedFiles> docker_wanted(const Site& site);
Result<Configured> docker_configured(const Tree& tree);

// Whether both say the same, however they are written. No runtimes are as good as none.
bool same_json(const std::string& a, const std::string& b);

}  // namespace holdfast::engine
