#include "src/engine/real_runtime.h"

#include <fmt/format.h>

#include "src/engine/programs.h"
#include "src/profile/config.h"

namespace holdfast::engine {

Status note_other_runtime(const Site& site, const std::string& whose, const std::string& theirs,
                          std::vector<std::string>& notes) {
  const std::string& real = site.programs.real;
  const std::string path = theirs.starts_with('/') ? theirs : find_program(site.tree, theirs);
  const bool is_usual = theirs == "runc" || theirs == "crun";
  const bool is_same = path.empty() ? real.empty() && is_usual : path == real;
  if (theirs.empty() || is_same) {
    return Ok{};
  }
  const std::string sentence =
      fmt::format("{} is {}, and holdfast would execute {}: name it as \"runtime\" in {}", whose,
                  theirs, real.empty() ? "the one it finds" : real, profile::kConfigPath);
  if (site.options.by_default && !site.options.force) {
    return fail(sentence + ", or give --force");
  }
  notes.push_back(sentence);
  return Ok{};
}

}  // namespace holdfast::engine
