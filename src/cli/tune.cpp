#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "src/base/json.h"
#include "src/cli/commands.h"
#include "src/cli/log_lines.h"
#include "src/cli/profile_place.h"
#include "src/profile/config.h"
#include "src/profile/profile.h"
#include "src/replay/suite.h"
#include "src/replay/tune.h"

namespace holdfast::cli {

namespace {

struct Given {
  std::vector<std::string> logs;
  std::string profile;
  std::string format = "table";
  std::uint64_t min = 10;
};

// Counts lines that are no alerts in `strange`.
Status read_log(const std::string& name, replay::Tuner& tuner, std::uint64_t& strange) {
  return read_log_lines(name, [&](const std::string& text, const std::string& place) {
    const auto line = base::parse_json(text, place, replay::kLineLimits);
    if (line.ok() && line.value().is_object()) {
      tuner.add(line.value());
    } else {
      ++strange;
    }
  });
}

void print_table(const std::vector<replay::Proposal>& proposals) {
  if (proposals.empty()) {
    fmt::print("Nothing is frequent and the same.\n");
    return;
  }
  fmt::print("{:>8} {:>10} {:<19} {:<19} {:<16} {:<18} {:<24} {:>5} PATH\n", "COUNT", "CONTAINERS",
             "FIRST (UTC)", "LAST", "PROFILE", "CLASS", "EXE", "PATHS");
  for (const replay::Proposal& one : proposals) {
    fmt::print("{:>8} {:>10} {} {} {} {} {} {:>5} {}\n", one.count, one.containers.size(),
               cell(one.first, 19), cell(one.last, 19), cell(one.profile, 16),
               cell(one.exception.class_name, 18), cell(one.exception.exe, 24), one.paths,
               shown(one.exception.path, 200));
  }
}

// That the profile in use has, with what it extends.
std::vector<profile::Exception> exceptions_of(const std::string& name) {
  const auto config = profile::load_config();
  const auto place =
      config.ok() ? find_profile(config.value(), name) : Result<ProfilePlace>(config.error());
  const auto profile = place.ok() ? profile::load_profile(place.value().source, place.value().path)
                                  : Result<profile::Profile>(place.error());
  if (!profile.ok()) {
    fmt::print(stderr, "holdfast: {}; add the exceptions that it has, for these take their place\n",
               profile.error().message);
    return {};
  }
  return profile.value().exceptions;
}

// A file holds one profile.
Status print_patch(std::vector<replay::Proposal> proposals) {
  std::set<std::string> profiles;
  for (const replay::Proposal& one : proposals) {
    profiles.insert(one.profile);
  }
  if (profiles.empty()) {
    return fail("nothing is frequent and the same; --min with a smaller number asks for less");
  }
  if (profiles.size() > 1) {
    return fail(
        fmt::format("there are proposals for several profiles; choose one with --profile: "
                    "{}",
                    shown(fmt::format("{}", fmt::join(profiles, ", ")), 400)));
  }
  const std::string& name = *profiles.begin();
  const std::vector<profile::Exception> own = exceptions_of(name);
  const auto room = profile::kMaxExceptions - std::min(own.size(), profile::kMaxExceptions);
  const auto most = std::min(proposals.size(), room);
  if (most < proposals.size()) {
    fmt::print(stderr, "holdfast: of {} proposals the {} most frequent: a profile has no more\n",
               proposals.size(), most);
  }
  proposals.resize(most);
  fmt::print("{}\n", replay::patch_of(name, own, proposals).dump(2));
  return Ok{};
}

Status tune(Given given) {
  if (given.logs.empty()) {
    const profile::Config config = TRY(profile::load_config());
    given.logs.push_back(config.monitor.alerts);
  }
  replay::Tuner tuner;
  std::uint64_t strange = 0;
  for (const std::string& log : given.logs) {
    TRY(read_log(log, tuner, strange));
  }
  if (strange != 0) {
    fmt::print(stderr, "holdfast: {} lines are no alerts and were passed over\n", strange);
  }
  std::vector<replay::Proposal> proposals = tuner.proposals(given.min);
  std::erase_if(proposals, [&given](const replay::Proposal& one) {
    return !given.profile.empty() && one.profile != given.profile;
  });
  if (given.format == "json") {
    return print_patch(std::move(proposals));
  }
  print_table(proposals);
  return Ok{};
}

}  // namespace

void add_tune(CLI::App& app, int& status) {
  auto* command =
      app.add_subcommand("tune", "Propose exceptions for alerts that are frequent and the same");
  command->footer(
      "LOG is an alert file, oldest first; - is standard input; without one, the configured file.\n"
      "A proposal is a class, a program and a path, or a directory where several paths of it came, "
      "that\n"
      "at least half of the profile's containers alerted about. Never proposed: what was refused, "
      "what is\n"
      "critical, escapes and other marks of an intruder, programs that the image did not bring; "
      "peers and\n"
      "programs to be run, which network.connect and exec.allow are for.\n"
      "\n"
      "--format json prints a profile that extends the one in use. Judge every line of it: an "
      "attacker\n"
      "can be frequent as well. `holdfast profile lint` refuses it until each \"reason\" says why "
      "that\n"
      "is ordinary; what is not, delete. Then the containers' annotation, or \"match\", names it.\n"
      "\n"
      "Examples:\n"
      "  holdfast tune\n"
      "  holdfast tune --min 100 /var/log/holdfast/alerts.jsonl.*Z /var/log/holdfast/alerts.jsonl\n"
      "  holdfast tune --profile web --format json >web-tuned.json && holdfast profile lint "
      "web-tuned.json");
  auto given = std::make_shared<Given>();
  command->add_option("LOG", given->logs, "Files of alerts and records [the configured one]");
  command->add_option("--min", given->min, "Only what came at least so often")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 32))
      ->capture_default_str();
  command->add_option("--profile", given->profile, "Only of containers with this profile");
  command->add_option("--format", given->format, "A table that explains, or the profile")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  command->callback([given, &status] {
    const Status done = tune(*given);
    status = done.ok() ? 0 : complain(done.error());
  });
}

}  // namespace holdfast::cli
