// Profiles, from their bytes to what is done to an ordinary container. An input is one profile, or
// several with a line "---" between them: the first is compiled, the others it may extend. Each is
// the file of the name that it gives; the shipped ones are there as well.
#include <string>
#include <string_view>
#include <vector>

#include "src/profile/findings.h"
#include "src/profile/lint.h"
#include "src/profile/profile.h"
#include "src/seccomp/compose.h"
#include "tests/fuzz/target.h"

namespace holdfast::fuzz {
namespace {

constexpr std::string_view kSeparator = "\n---\n";
constexpr const char* kImage = "docker.io/library/nginx:1.25";

std::string name_of(const std::string& bytes) {
  const Result<profile::Profile> parsed = profile::parse_profile(bytes, "input");
  return parsed.ok() ? parsed.value().name : "unreadable";
}

// Adds the profiles of the input to `files`; returns the name of the first.
std::string add_profiles(std::string_view bytes, Files& files) {
  std::string first;
  for (;;) {
    const std::size_t end = bytes.find(kSeparator);
    const std::string content(bytes.substr(0, end));
    const std::string name = name_of(content);
    first = first.empty() ? name : first;
    // The first is the one that is judged, whatever others call themselves.
    files.insert({std::string(kDirectory) + "/" + name + ".json", content});
    if (end == std::string_view::npos) {
      return first;
    }
    bytes.remove_prefix(end + kSeparator.size());
  }
}

Status compose_both(const profile::Profile& profile) {
  for (const bool enforcing : {true, false}) {
    const auto compiled = TRY(profile::compile(profile, ordinary_spec(), enforcing));
    const auto once = TRY(seccomp::compose(ordinary_spec().seccomp, compiled.seccomp, enforcing));
    const auto twice = seccomp::compose(once, compiled.seccomp, enforcing);
    require(twice.ok(), "a composed filter can be composed again");
    require(twice.value() == once, "composing twice is composing once");
  }
  return Ok{};
}

// As `holdfast profile lint` does in the CI of whoever is offered the profile.
std::vector<Error> lint(const profile::Source& source, const std::string& name) {
  const std::string path = std::string(kDirectory) + "/" + name + ".json";
  const std::vector<Error> problems = profile::lint(source, path, seccomp::is_syscall);
  const std::string text = source.read(path).value().value();
  for (const auto& finding : profile::place_findings(problems, path, text, path)) {
    require(!finding.sentence.empty() && finding.line >= 1, "a finding has a sentence and a line");
  }
  return problems;
}

}  // namespace

Status judge(std::string_view bytes) {
  Files files;
  const std::string name = add_profiles(bytes, files);
  files.insert(shipped_profiles().begin(), shipped_profiles().end());
  const profile::Source source = source_of(files);

  const std::vector<Error> problems = lint(source, name);
  (void)profile::match_profile(source, kImage);
  const profile::Profile profile = TRY(profile::load_profile(source, name));
  require(profile.name == name, "the profile that was asked for is loaded");
  TRY(compile_both(profile, ordinary_spec()));
  TRY(compose_both(profile));
  require(problems.empty(), problems.empty() ? ""
                                             : "lint finds nothing in a profile that works: " +
                                                   problems.front().message);
  return Ok{};
}

}  // namespace holdfast::fuzz
