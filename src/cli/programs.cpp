// Subcommands that are programs of their own: what they link, an HTTP client and a server, must not
// be mapped into the monitor, which is this one.
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "src/base/self.h"
#include "src/cli/commands.h"

namespace holdfast::cli {

namespace {

// The program of the subcommand `name`.
int execute(const std::string& name, const std::vector<std::string>& words) {
  std::string called = "holdfast-" + name;
  const std::string program =
      base::find_program(HOLDFAST_LIBEXECDIR "/" + called, "../" + name + "/" + called);
  if (program.empty()) {
    return complain(fail(called + " is not installed in " HOLDFAST_LIBEXECDIR));
  }
  std::vector<char*> argv = {called.data()};
  for (const std::string& word : words) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  return complain(fail_errno("cannot execute " + program, errno));
}

void add_program(CLI::App& app, const char* name, const char* description, int& status) {
  auto* command = app.add_subcommand(name, description);
  // All that follows is the program's own, --help included.
  command->set_help_flag();
  command->prefix_command();
  command->callback(
      [command, &status] { status = execute(command->get_name(), command->remaining()); });
}

}  // namespace

void add_forward(CLI::App& app, int& status) {
  add_program(app, "forward", "Send alerts and records to other systems", status);
}

void add_metrics(CLI::App& app, int& status) {
  add_program(app, "metrics", "Tell Prometheus how the monitor is", status);
}

}  // namespace holdfast::cli
