// containerd's config.toml. Before 2.0 a file that it imports replaces the whole section of the CRI
// plugin, and with it the administrator's settings: so a block is added to the file itself, between
// two marks.
#pragma once

#include <string>

#include "src/engine/configured.h"
#include "src/engine/files.h"

namespace holdfast::engine {

inline constexpr const char* kContainerdToml = "/etc/containerd/config.toml";
// What a file that is not there becomes before the block is added: 1.3 to 2.x read it.
inline constexpr const char* kBareContainerdToml = "version = 2\n";

Result<Parts> take_apart_containerd_toml(const std::string& text, const std::string& path);
Result<WantedFiles> containerd_wanted(const Site& site);
// Of CRI, in its own file alone; what that imports is not looked at.
Result<Configured> containerd_configured(const Tree& tree);

}  // namespace holdfast::engine
