// What the shim must know of a runtime's command line: the verb; for the verbs that start a
// container, where its config.json lies; for exec, what is started where. Everything else is the
// real runtime's business.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::shim {

// Whose rules of spelling apply. runc is Go's flag package (-x and --x are the same, no bundling);
// crun is getopt_long (abbreviations, -bDIR, -dbDIR, options end at the container's id).
enum class Flavor { kRunc, kCrun };

// crun for a program of that name (crun-1.8, krun is not one of ours), else runc.
Flavor flavor_of(std::string_view runtime_path);

struct CommandLine {
  // The word at the verb's position, "" when there is none that the runtime would act on.
  std::string verb;
  std::string bundle;  // --bundle; "": the working directory
  std::string config;  // crun's --config; "": config.json in the bundle
  std::string log;     // --log
  bool log_json = false;
  // A create, run or restore that is complete: all options have their values, a container's id is
  // there, and nobody asks for help. Only such a line is ours to act on.
  bool starts_container = false;

  // An exec that is complete.
  bool enters_container = false;
  std::string cgroup_manager;  // cgroupfs, systemd, disabled; "": the runtime's default
  // The container's id; of an exec also the program and its arguments. Where there are options that
  // we do not know, their values may come before the id.
  std::vector<std::string> words;
  bool options_known = true;
  std::string process;  // --process: the file that says what to start
  std::string user;     // --user
  std::string cwd;      // --cwd
};

// Walks the arguments after argv[0]. Never fails: a line that does not parse is one that the real
// runtime explains.
CommandLine parse_command_line(std::span<const char* const> arguments, Flavor flavor);

}  // namespace holdfast::shim
