#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/core.h>

#include "src/cli/commands.h"
#include "src/cli/profile_place.h"
#include "src/profile/findings.h"
#include "src/profile/lint.h"
#include "src/seccomp/compose.h"

namespace holdfast::cli {

namespace {

using Findings = std::vector<profile::Finding>;

struct Given {
  std::vector<std::string> files;
  std::string format = "text";
};

// A directory stands for what it has that ends in .json.
Result<std::vector<std::string>> files_of(const std::vector<std::string>& given) {
  std::vector<std::string> files;
  for (const std::string& one : given) {
    std::error_code error;
    if (!std::filesystem::is_directory(one, error)) {
      files.push_back(one);
      continue;
    }
    const std::string directory =
        one.size() > 1 && one.ends_with('/') ? one.substr(0, one.size() - 1) : one;
    const auto names = TRY(profile::profile_paths(profile::file_source({directory})));
    files.insert(files.end(), names.begin(), names.end());
  }
  return files;
}

Result<Findings> lint_file(const profile::Config& config, const std::string& file) {
  std::error_code error;
  const std::string path = std::filesystem::absolute(file, error).lexically_normal().string();
  if (error) {
    return fail_errno("cannot find " + file, error.value());
  }
  const profile::Source source = source_beside(config, path);
  const std::vector<Error> problems = profile::lint(source, path, seccomp::is_syscall);
  const auto bytes = source.read(path);
  const std::string text = bytes.ok() ? bytes.value().value_or("") : "";
  return profile::place_findings(problems, path, text, file);
}

Result<Findings> lint_files(const std::vector<std::string>& files) {
  const profile::Config config = TRY(profile::load_config());
  Findings findings;
  for (const std::string& file : files) {
    for (profile::Finding& finding : TRY(lint_file(config, file))) {
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

std::string written(const Findings& findings, const std::string& format) {
  if (format == "json") {
    return profile::findings_json(findings);
  }
  if (format == "sarif") {
    return profile::findings_sarif(findings);
  }
  return format == "github" ? profile::findings_github(findings) : profile::findings_text(findings);
}

int lint(const Given& given) {
  const auto files = files_of(given.files);
  if (!files.ok()) {
    return 1 + complain(files.error());
  }
  if (files.value().empty()) {
    return 1 + complain(fail("there is no profile in what was given; profiles end in .json"));
  }
  const auto findings = lint_files(files.value());
  if (!findings.ok()) {
    return 1 + complain(findings.error());
  }
  fmt::print("{}", written(findings.value(), given.format));
  return findings.value().empty() ? 0 : 1;
}

}  // namespace

void add_profile_lint(CLI::App& profile, int& status) {
  auto* command = profile.add_subcommand("lint", "Check profiles");
  command->footer(
      "Prints findings with file, line, JSON pointer and remedy, of each object and list the "
      "first. What a\n"
      "profile extends is looked for beside it, then among the installed ones. Ends with 0 when "
      "there is no\n"
      "finding, 1 when there is one, 2 when it could not be done.\n"
      "\n"
      "Examples:\n"
      "  holdfast profile lint profiles/\n"
      "  holdfast profile lint --format sarif profiles/*.json >lint.sarif");
  auto given = std::make_shared<Given>();
  command->add_option("FILE", given->files, "Profiles, or directories of them")->required();
  command->add_option("--format", given->format, "text, json, sarif or github")
      ->check(CLI::IsMember({"text", "json", "sarif", "github"}));
  command->callback([given, &status] { status = lint(*given); });
}

}  // namespace holdfast::cli
