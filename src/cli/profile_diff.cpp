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
    case profile::Difference::Kind::kChanged:
      return "changed";
  }
  return "";
}

Result<profile::Profile> profile_at(const profile::Config& config, const std::string& given) {
  const ProfilePlace place = TRY(find_profile(config, given));
  return profile::load_profile(place.source, place.path);
}

// Whether there was any.
Result<bool> print_differences(const Given& given) {
  const profile::Config config = TRY(profile::load_config());
  const oci::Spec spec = TRY(spec_at(given.config));
  const profile::Profile old_one = TRY(profile_at(config, given.old_one));
  const profile::Profile new_one = TRY(profile_at(config, given.new_one));
  auto found = profile::differences(TRY(profile::compile(old_one, spec, true)),
                                    TRY(profile::compile(new_one, spec, true)));
  for (profile::Difference& one : profile::differences(old_one, new_one)) {
    found.push_back(std::move(one));
  }
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
      "(refused), what is told less (weaker) or more (stronger), and what else changed. Ends with "
      "0 when\n"
      "there is no difference, 1 when there is one, 2 when a profile cannot be read.\n"
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
