#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "src/cli/commands.h"
#include "src/cli/profile_place.h"
#include "src/replay/report.h"

namespace holdfast::cli {

namespace {

struct Given {
  std::vector<std::string> profiles;
  std::string format = "tap";
};

Result<replay::TestRun> run_tests(const ProfilePlace& place) {
  replay::TestRun run{place.name, {}};
  const std::vector<replay::Suite> suites = TRY(replay::read_suites(place.source, place.path));
  if (suites.empty()) {
    return run;
  }
  const profile::Profile profile = TRY(profile::load_profile(place.source, place.path));
  for (const replay::Suite& suite : suites) {
    for (replay::Outcome& outcome : TRY(replay::run_suite(profile, suite))) {
      run.outcomes.push_back(std::move(outcome));
    }
  }
  return run;
}

Result<std::vector<replay::TestRun>> run_all(const std::vector<std::string>& given) {
  const profile::Config config = TRY(profile::load_config());
  std::vector<replay::TestRun> runs;
  for (const ProfilePlace& place : TRY(find_profiles(config, given))) {
    replay::TestRun run = TRY(run_tests(place));
    if (!run.outcomes.empty()) {
      runs.push_back(std::move(run));
    }
  }
  if (runs.empty()) {
    return fail(
        "there are no tests; those of NAME.json are the *.jsonl files of the directory NAME.tests "
        "beside it");
  }
  return runs;
}

bool hold(const std::vector<replay::TestRun>& runs) {
  for (const replay::TestRun& run : runs) {
    for (const replay::Outcome& outcome : run.outcomes) {
      if (!outcome.problem.empty()) {
        return false;
      }
    }
  }
  return true;
}

int test(const Given& given) {
  const auto runs = run_all(given.profiles);
  if (!runs.ok()) {
    if (given.format == "tap") {
      fmt::print("Bail out! {}\n", shown(runs.error().message, 400));
    }
    return 1 + complain(runs.error());
  }
  fmt::print("{}",
             given.format == "junit" ? replay::junit(runs.value()) : replay::tap(runs.value()));
  return hold(runs.value()) ? 0 : 1;
}

}  // namespace

void add_profile_test(CLI::App& profile, int& status) {
  auto* command = profile.add_subcommand("test", "Run the tests of profiles");
  command->footer(
      "The tests of NAME.json are the *.jsonl files of the directory NAME.tests beside it. A line "
      "is\n"
      "an event as `holdfast events --json` prints it, or as much of one as matters, with what "
      "the\n"
      "profile must make of it:\n"
      "\n"
      "  {\"test\": \"logs go to a volume\", \"class\": \"rootfs.create\",\n"
      "   \"object\": {\"operation\": \"create\", \"path\": \"/var/log/x\"}, \"expect\": "
      "\"denied\"}\n"
      "\n"
      "\"expect\" is one of nothing, recorded, alerted, denied, killed, or an object with "
      "\"answer\",\n"
      "\"class\" and \"severity\". A config.json beside the lines is the container's, "
      "X.config.json that\n"
      "of X.jsonl alone. No kernel feature and no privilege is needed. Ends with 0 when all hold, "
      "1 when\n"
      "one does not, 2 when they could not be run.\n"
      "\n"
      "Examples:\n"
      "  holdfast profile test profiles/            every profile of a directory\n"
      "  holdfast profile test web.json --format junit >results.xml");
  auto given = std::make_shared<Given>();
  command->add_option("PROFILE", given->profiles,
                      "Files, directories or names of installed profiles [all that are installed]");
  command->add_option("--format", given->format, "tap or junit")
      ->check(CLI::IsMember({"tap", "junit"}));
  command->callback([given, &status] { status = test(*given); });
}

}  // namespace holdfast::cli
