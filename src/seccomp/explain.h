// Which answer a call gets from a composed filter, and who decided it. For people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "src/base/result.h"
#include "src/profile/compile.h"
#include "src/seccomp/filter.h"
#include "src/seccomp/groups.h"

namespace holdfast::seccomp {

struct Explained {
  std::string call;
  std::vector<std::string> architectures;  // of the filter, those that have the call
  // One phrase an answer: "allowed if argument 0 == 0x0"; the last one is for all other arguments.
  std::vector<std::string> engine;
  std::vector<std::string> composed;
  std::string why;  // "engine", "base container", "profile NAME: /seccomp/deny" …
};

class Explainer {
 public:
  // `composed` is compose(engine, plan, enforcing), `profile` a name to show.
  static Result<Explainer> of(const std::optional<nlohmann::json>& engine,
                              const nlohmann::json& composed, const profile::SeccompPlan& plan,
                              bool enforcing, const std::string& profile);

  [[nodiscard]] Explained call(const std::string& name) const;
  // Calls that a rule of either filter names, sorted.
  [[nodiscard]] std::vector<std::string> names() const;
  // What calls without a rule are answered, and why.
  [[nodiscard]] Explained others() const;

 private:
  [[nodiscard]] std::string decided_by(const std::string& name) const;

  Filter engine_;
  Filter composed_;
  profile::SeccompPlan plan_;
  Refused refused_;
  std::string profile_;
  std::vector<std::uint32_t> architectures_;
};

}  // namespace holdfast::seccomp
