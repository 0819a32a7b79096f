#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/core.h>

#include "src/cli/commands.h"
#include "src/cli/profile_seccomp.h"
#include "src/profile/config.h"
#include "src/profile/lint.h"
#include "src/seccomp/compose.h"

namespace holdfast::cli {

namespace {

int lint_files(const std::vector<std::string>& files) {
  const auto config = profile::load_config();
  if (!config.ok()) {
    return complain(config.error());
  }
  const profile::Source source = profile::file_source(profile::profile_directories(config.value()));
  int status = 0;
  for (const std::string& file : files) {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::absolute(file, error);
    if (error) {
      status = complain(fail_errno("cannot find " + file, error.value()));
      continue;
    }
    for (const Error& finding :
         profile::lint(source, path.lexically_normal(), seccomp::is_syscall)) {
      fmt::print("{}\n", finding.message);
      status = 1;
    }
  }
  return status;
}

}  // namespace

void add_profile(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("profile", "Work with profiles");
  command->footer("Example: holdfast profile lint /etc/holdfast/profiles.d/*.json");
  command->require_subcommand(1);
  auto* lint = command->add_subcommand("lint", "Check profiles");
  lint->footer(
      "Prints every finding with its file, place and remedy; says nothing and ends with 0 when "
      "there is none.\n"
      "\n"
      "Example: holdfast profile lint profiles/*.json");
  auto files = std::make_shared<std::vector<std::string>>();
  lint->add_option("FILE", *files, "Profiles to check")->required();
  lint->callback([files, &status] { status = lint_files(*files); });
  add_profile_seccomp(*command, status);
}

}  // namespace holdfast::cli
