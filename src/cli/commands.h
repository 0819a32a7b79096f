// The subcommands of `holdfast`, one file each. Each adds itself to the parser; when it is the one
// that was asked for, it works in its callback and leaves the exit status in `status`, which
// outlives the parser.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "src/base/result.h"

namespace holdfast::cli {

void add_monitor(CLI::App& app, int& status);
void add_reload(CLI::App& app, int& status);
void add_run(CLI::App& app, int& status);
void add_ps(CLI::App& app, int& status);
void add_respond(CLI::App& app, int& status);
void add_events(CLI::App& app, int& status);
void add_profile(CLI::App& app, int& status);
// Subcommands of `profile`.
void add_profile_init(CLI::App& profile, int& status);
void add_profile_lint(CLI::App& profile, int& status);
void add_profile_seccomp(CLI::App& profile, int& status);
void add_profile_show(CLI::App& profile, int& status);
void add_profile_diff(CLI::App& profile, int& status);
void add_profile_test(CLI::App& profile, int& status);
void add_profile_replay(CLI::App& profile, int& status);

void add_tune(CLI::App& app, int& status);
void add_forward(CLI::App& app, int& status);
void add_metrics(CLI::App& app, int& status);
void add_doctor(CLI::App& app, int& status);
void add_install(CLI::App& app, int& status);
void add_uninstall(CLI::App& app, int& status);
void add_status(CLI::App& app, int& status);

// "holdfast: MESSAGE" on standard error; returns the exit status of a failure, 1.
int complain(const Error& error);

// Why the monitor at `socket` did not answer: `error`, or, where certainly none listens, that and
// how there comes to be one.
Error no_answer(const std::string& socket, const Error& error);
// How there comes to be a monitor, for whoever we are: a sentence without its end.
std::string how_to_start_one();

// Text from outside without anything a terminal would obey, at most `width` characters of it.
std::string shown(const std::string& text, std::size_t width);
// The same, padded to `width`: a column of a table.
std::string cell(const std::string& text, std::size_t width);

}  // namespace holdfast::cli
