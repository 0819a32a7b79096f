#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "src/cli/commands.h"
#include "src/cli/profile_place.h"
#include "src/profile/explain.h"

namespace holdfast::cli {

namespace {

struct Given {
  std::string old_one;
  std::string new_one;
  std::string config;
};

const char* word(profile::Difference::Kind kind) {
  switch (kind) {
    case profile::Difference::Kind::kAllowed:
      return "allowed";
    case profile::Difference::Kind::kRefused:
      return "refused";
    case profile::Difference::Kind::kWeaker:
      return "weaker";
    case profile::Difference::Kind::kStronger:
      return "stronger";
  }
  return "";
}

Result<profile::Compiled> compiled(const profile::Config& config, const oci::Spec& spec,
                                   const std::string& given) {
  const ProfilePlace place = TRY(find_profile(config, given));
  const profile::Profile profile = TRY(profile::load_profile(place.source, place.path));
  return profile::compile(profile, spec, true);
}

// Whether there was any.
Result<bool> print_differences(const Given& given) {
  const profile::Config config = TRY(profile::load_config());
  const oci::Spec spec = TRY(spec_at(given.config));
  const profile::Compiled old_one = TRY(compiled(config, spec, given.old_one));
  const profile::Compiled new_one = TRY(compiled(config, spec, given.new_one));
  const auto found = profile::differences(old_one, new_one);
  for (const profile::Difference& one : found) {
    fmt::print("{:<9} {}\n", word(one.kind), one.what);
  }
  return !found.empty();
}

}  // namespace

void add_profile_diff(CLI::App& profile, int& status) {
  auto* command = profile.add_subcommand("diff", "Say what a profile allows that another does not");
  command->footer(
      "Prints what goes on under NEW and was refused under OLD (allowed), the other way round\n"
      "(refused), and what is told less (weaker) or more (stronger). Ends with 0 when there is no\n"
      "difference, 1 when there is one, 2 when a profile cannot be read.\n"
      "\n"
      "Example: holdfast profile diff default immutable");
  auto given = std::make_shared<Given>();
  command->add_option("OLD", given->old_one, "A file, or the name of an installed profile")
      ->required();
  command->add_option("NEW", given->new_one, "The same")->required();
  command->add_option("--config", given->config, "For this config.json [an ordinary container's]");
  command->callback([given, &status] {
    const auto differ = print_differences(*given);
    status = differ.ok() ? static_cast<int>(differ.value()) : 1 + complain(differ.error());
  });
}

}  // namespace holdfast::cli
