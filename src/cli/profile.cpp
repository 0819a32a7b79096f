#include "src/cli/commands.h"

namespace holdfast::cli {

void add_profile(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("profile", "Work with profiles");
  command->footer(
      "Examples:\n"
      "  holdfast profile lint profiles/                   before they are installed\n"
      "  holdfast profile test profiles/                   and whether they do what they should\n"
      "  holdfast profile diff default immutable           what one allows and another does not\n"
      "  holdfast profile show --container web             what a running container has");
  command->require_subcommand(1);
  add_profile_init(*command, status);
  add_profile_lint(*command, status);
  add_profile_show(*command, status);
  add_profile_diff(*command, status);
  add_profile_test(*command, status);
  add_profile_replay(*command, status);
  add_profile_seccomp(*command, status);
}

}  // namespace holdfast::cli
