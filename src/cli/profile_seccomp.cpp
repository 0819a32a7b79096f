#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "src/cli/commands.h"
#include "src/cli/profile_place.h"
#include "src/profile/compile.h"
#include "src/seccomp/compose.h"
#include "src/seccomp/explain.h"
#include "src/seccomp/simulate.h"

namespace holdfast::cli {

namespace {

using nlohmann::json;

struct Given {
  std::string profile;
  std::string config;
  std::string explain;
  std::string format = "table";
  bool tracepoint = false;
};

struct Composed {
  std::string profile;
  std::optional<json> engine;
  profile::SeccompPlan plan;
  bool enforcing = true;
  std::optional<json> filter;
};

Result<Composed> compose(const Given& given) {
  const profile::Config config = TRY(profile::load_config());
  const ProfilePlace place = TRY(find_profile(config, given.profile));
  const profile::Profile profile = TRY(profile::load_profile(place.source, place.path));
  const oci::Spec spec = TRY(spec_at(given.config));
  Composed composed;
  composed.profile = profile.name;
  composed.engine = spec.seccomp;
  composed.enforcing = !given.tracepoint;
  const profile::Compiled compiled = TRY(profile::compile(profile, spec, composed.enforcing));
  composed.plan = compiled.seccomp;
  composed.filter = TRY(seccomp::compose(composed.engine, composed.plan, composed.enforcing));
  return composed;
}

void print_lines(const char* title, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    fmt::print("{:<10}{}\n", title, shown(line, 200));
    title = "";
  }
}

int print_call(const seccomp::Explainer& explainer, const std::string& name) {
  if (!seccomp::is_syscall(name)) {
    return complain(fail(fmt::format(
        "\"{}\" is no system call that this version of libseccomp knows; correct it", name)));
  }
  const seccomp::Explained call = explainer.call(name);
  fmt::print("{}\n", name);
  print_lines("  answer", call.composed);
  print_lines("  engine", call.engine);
  fmt::print("{:<10}{}\n", "  decided", shown(call.why, 200));
  fmt::print("{:<10}{}\n", "  on",
             call.architectures.empty() ? "none of the filter's architectures"
                                        : fmt::format("{}", fmt::join(call.architectures, ", ")));
  return 0;
}

void print_row(const seccomp::Explained& call) {
  std::string name = call.call;
  std::string why = call.why;
  for (const std::string& answer : call.composed) {
    fmt::print("{} {} {}\n", cell(name, 28), cell(answer, 56), shown(why, 100));
    name = why = "";
  }
}

int print_table(const seccomp::Explainer& explainer) {
  fmt::print("{:<28} {:<56} {}\n", "CALL", "ANSWER", "WHY");
  for (const std::string& name : explainer.names()) {
    print_row(explainer.call(name));
  }
  print_row(explainer.others());
  return 0;
}

int print(const Given& given) {
  const Result<Composed> composed = compose(given);
  if (!composed.ok()) {
    return complain(composed.error());
  }
  const Composed& of = composed.value();
  const json filter = of.filter ? *of.filter : seccomp::write_filter(seccomp::open_filter());
  if (given.explain.empty() && given.format == "oci") {
    fmt::print("{}\n",
               of.filter ? filter.dump(2, ' ', false, json::error_handler_t::replace) : "null");
    return 0;
  }
  if (given.explain.empty() && given.format == "pseudo") {
    const Result<std::string> code = seccomp::pseudo_code(filter);
    return code.ok() ? (fmt::print("{}", code.value()), 0) : complain(code.error());
  }
  const auto explainer =
      seccomp::Explainer::of(of.engine, filter, of.plan, of.enforcing, of.profile);
  if (!explainer.ok()) {
    return complain(explainer.error());
  }
  return given.explain.empty() ? print_table(explainer.value())
                               : print_call(explainer.value(), given.explain);
}

}  // namespace

void add_profile_seccomp(CLI::App& profile, int& status) {
  auto* command = profile.add_subcommand(
      "seccomp", "Show the seccomp filter that a container of a profile gets");
  command->footer(
      "The profile is a name, or the path of a file. Without --config: for a config.json without a "
      "filter of its own.\n"
      "\n"
      "Example: holdfast profile seccomp default --config ./bundle/config.json --explain keyctl");
  auto given = std::make_shared<Given>();
  command->add_option("PROFILE", given->profile, "Name, or path of a file")->required();
  command->add_option("--config", given->config, "config.json of the container");
  command->add_option("--explain", given->explain, "What happens with this system call, and why");
  command
      ->add_option("--format", given->format,
                   "oci (linux.seccomp), table, or pseudo (libseccomp's pseudo code)")
      ->check(CLI::IsMember({"oci", "table", "pseudo"}));
  command->add_flag("--tracepoint", given->tracepoint,
                    "As on a kernel where the back end can only tell, and the filter refuses more");
  command->callback([given, &status] { status = print(*given); });
}

}  // namespace holdfast::cli
