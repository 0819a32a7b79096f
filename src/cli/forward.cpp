#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "src/base/self.h"
#include "src/cli/commands.h"

namespace holdfast::cli {

namespace {

// It is a program of its own: what it links must not be mapped into the monitor, which is this one.
int execute(const std::vector<std::string>& words) {
  const std::string program =
      base::find_program(HOLDFAST_LIBEXECDIR "/holdfast-forward", "../forward/holdfast-forward");
  if (program.empty()) {
    return complain(fail("holdfast-forward is not installed in " HOLDFAST_LIBEXECDIR));
  }
  std::vector<char*> argv = {const_cast<char*>("holdfast-forward")};
  for (const std::string& word : words) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  return complain(fail_errno("cannot execute " + program, errno));
}

}  // namespace

void add_forward(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("forward", "Send alerts and records to other systems");
  // All that follows is the program's own, --help included.
  command->set_help_flag();
  command->prefix_command();
  command->callback([command, &status] { status = execute(command->remaining()); });
}

}  // namespace holdfast::cli
