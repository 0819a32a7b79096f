// `holdfast profile seccomp`.
#pragma once

#include <CLI/CLI.hpp>

namespace holdfast::cli {

void add_profile_seccomp(CLI::App& profile_command, int& status);

}  // namespace holdfast::cli
