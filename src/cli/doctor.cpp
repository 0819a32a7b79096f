#include "src/cli/doctor.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "src/cli/commands.h"

namespace holdfast::cli {

namespace {

using engine::Check;
using engine::Diagnosis;
using engine::Tier;
using Json = nlohmann::ordered_json;

constexpr std::size_t kWidth = 1000;  // of a sentence: a profile's problem can be long

struct Given {
  std::vector<std::string> engines;
  std::string root = "/";
  std::string format = "text";
  bool fix = false;
  bool yes = false;
};

struct Report {
  std::optional<Host> host;  // none: another system's root is looked at
  std::vector<Diagnosis> engines;
  bool is_whole = true;

  [[nodiscard]] bool is_good() const;
};

bool is_failure(const Check& check) { return check.verdict == Check::Verdict::kFailure; }

bool has_failure(const std::vector<Check>& checks) {
  return std::any_of(checks.begin(), checks.end(), is_failure);
}

bool Report::is_good() const {
  return is_whole && !(host && (has_failure(host->checks) || !host->backend)) &&
         std::none_of(engines.begin(), engines.end(),
                      [](const Diagnosis& one) { return has_failure(one.checks); });
}

void print_checks(const std::vector<Check>& checks) {
  for (const Check& check : checks) {
    fmt::print("{:<6}{}\n", engine::name_of(check.verdict), shown(check.text, kWidth));
  }
}

// What a container gets, and why it is not more.
void print_backend(const Host& host) {
  if (host.socket.empty()) {
    fmt::print(
        "\nIn force: nothing. Hook and runtime start no container with this configuration.\n");
    return;
  }
  if (!host.backend) {
    fmt::print(
        "\nIn force: nothing of the kernel's. The runtime still gives containers a seccomp filter "
        "and, where the "
        "profile asks for it, a read-only root.\n");
    return;
  }
  fmt::print("\nIn force: the back end \"{}\": {}\n", kernel::backend_name(*host.backend),
             kernel::backend_enforces(*host.backend)
                 ? "the kernel refuses what a profile denies, and tells."
                 : "the kernel tells what happens and refuses nothing, because it took none of our "
                   "LSM programs. The runtime's seccomp filter and read-only root still prevent.");
  for (const std::string_view spot : kernel::blind_spots(*host.backend)) {
    fmt::print("not seen {}\n", spot);
  }
}

std::string of_the_kernel(const std::optional<Host>& host) {
  if (!host) {
    return "what the kernel refuses and tells";
  }
  if (!host->backend) {
    return "nothing of the kernel's";
  }
  return fmt::format("what the kernel {} (back end {})",
                     kernel::backend_enforces(*host->backend) ? "refuses and tells" : "tells",
                     kernel::backend_name(*host->backend));
}

std::string what_it_gets(Tier tier, const std::optional<Host>& host) {
  switch (tier) {
    case Tier::kNone:
      return "nothing, it is unguarded";
    case Tier::kHook:
      return of_the_kernel(host) + "; no seccomp filter, no read-only mount, nothing about `exec`";
    case Tier::kPrecreate:
      return of_the_kernel(host) +
             "; the profile's seccomp filter and read-only root; nothing about `exec`";
    case Tier::kRuntime:
      return of_the_kernel(host) +
             "; the profile's seccomp filter, read-only root and rules about `exec`";
  }
  return "";
}

void print_engine(const Diagnosis& one, const std::optional<Host>& host) {
  fmt::print("\n{}: {}{}\n", one.name, one.program.empty() ? "not installed" : one.program,
             one.version.empty() ? "" : " (" + shown(one.version, 100) + ")");
  print_checks(one.checks);
  for (const engine::Way& way : one.ways) {
    fmt::print("gets  {}: {}\n", shown(way.how, kWidth), what_it_gets(way.gets, host));
  }
  fmt::print("gets  {}: {}\n", one.ways.empty() ? "every container" : "otherwise",
             what_it_gets(one.everyone, host));
}

void print_text(const Report& report) {
  if (report.host) {
    print_checks(report.host->checks);
    print_backend(*report.host);
  }
  for (const Diagnosis& one : report.engines) {
    print_engine(one, report.host);
  }
}

Json json_of(const std::vector<Check>& checks) {
  Json list = Json::array();
  for (const Check& check : checks) {
    list.push_back({{"verdict", engine::name_of(check.verdict)}, {"text", check.text}});
  }
  return list;
}

void print_json(const Report& report) {
  Json document = {{"good", report.is_good()}};
  if (report.host) {
    const auto& backend = report.host->backend;
    document["host"] = {{"backend", backend ? Json(kernel::backend_name(*backend)) : Json()},
                        {"checks", json_of(report.host->checks)}};
  }
  document["engines"] = Json::array();
  for (const Diagnosis& one : report.engines) {
    const Tier asking = one.ways.empty() ? one.everyone : one.ways.front().gets;
    document["engines"].push_back({{"engine", one.name},
                                   {"program", one.program},
                                   {"version", one.version},
                                   {"asking", engine::name_of(asking)},
                                   {"everyone", engine::name_of(one.everyone)},
                                   {"needs_install", one.needs_install},
                                   {"checks", json_of(one.checks)}});
  }
  fmt::print("{}\n", document.dump(2, ' ', false, Json::error_handler_t::replace));
}

// What is known of the host is told although no place for configuration is found.
Report examine(const Given& given, const Result<EnginePlace>& place) {
  Report report;
  if (!place.ok() || place.value().root == "/") {
    report.host = examine_host();
  }
  auto engines = place.ok() ? examine_engines(given.engines, place.value(),
                                              report.host ? report.host->socket : "")
                            : Result<std::vector<Diagnosis>>(place.error());
  if (engines.ok()) {
    report.engines = std::move(engines).value();
  } else {
    complain(engines.error());
    report.is_whole = false;
  }
  return report;
}

int run(const Given& given) {
  const auto place = open_place(given.root);
  const Report report = examine(given, place);
  given.format == "json" ? print_json(report) : print_text(report);
  if (!given.fix || !place.ok()) {
    return report.is_good() ? 0 : 1;
  }
  std::fflush(stdout);
  const bool is_done = fix(report.engines, place.value(), given.yes);
  return is_done && examine(given, place).is_good() ? 0 : 1;
}

constexpr const char* kFooter =
    "Tries the kernel instead of trusting its version: small programs are loaded and thrown away.\n"
    "Then, for each ENGINE, or all that are installed: does its configuration have containers "
    "come\n"
    "to holdfast, whoever wrote it; do the programs that it names work; do annotations arrive;\n"
    "which containers that run does the monitor know (so the hook was called for them); what does\n"
    "a container get. Files are read and programs asked for --version: no engine is asked, no\n"
    "container started. As an ordinary user: podman's configuration, the system's and your own.\n"
    "\n"
    "ok    is as it should be\n"
    "warn  guards less than it could, or not all containers\n"
    "fail  has no effect though it is configured, or keeps containers from starting\n"
    "gets  what guards a container, by how it asks for it, and every other\n"
    "\n"
    "--fix shows, as a diff, what `holdfast install` would write for each engine that it would\n"
    "better, and does that when you agree. What was changed by hand stays, see `holdfast install\n"
    "--force`.\n"
    "Ends with 0 when nothing failed and a back end can be in force (after --fix: and nothing "
    "that\n"
    "it showed is left undone), else 1.\n"
    "\n"
    "Examples:\n"
    "  sudo holdfast doctor\n"
    "  sudo holdfast doctor --fix podman\n"
    "  holdfast doctor --root /mnt/image --fix --yes    the engines of an image\n"
    "  holdfast doctor --format json | jq -r '.engines[] | \"\\(.engine): \\(.everyone)\"'";

}  // namespace

void add_doctor(CLI::App& app, int& status) {
  auto* command = app.add_subcommand(
      "doctor", "Say what this host and its engines give containers, and what is missing");
  command->footer(kFooter);
  auto given = std::make_shared<Given>();
  add_engines(*command, given->engines, false);
  auto* fix = command->add_flag("--fix", given->fix, "Offer what `holdfast install` would write");
  command->add_flag("--yes", given->yes, "Agree to all of it beforehand")->needs(fix);
  command->add_option("--format", given->format, "Sentences, or everything as JSON")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  add_root_option(*command, given->root);
  command->callback([given, &status] {
    if (given->fix && given->format == "json") {
      throw CLI::ValidationError("--fix", "shows and asks; leave out --format json");
    }
    status = run(*given);
  });
}

}  // namespace holdfast::cli
