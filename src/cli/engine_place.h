// Where `holdfast install`, `uninstall` and `status` work: on the system, below a directory, or
// in an ordinary user's own configuration.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "src/base/result.h"
#include "src/engine/engine.h"
#include "src/engine/tree.h"

namespace holdfast::cli {

struct EnginePlace {
  engine::Tree tree;
  engine::Owner owner;
  std::string root;
};

Result<EnginePlace> open_place(const std::string& given);

// The engines that `names` stand for; "auto" is those that are installed there.
Result<std::vector<engine::Engine>> engines_named(const std::vector<std::string>& names,
                                                  const EnginePlace& place);

void add_root_option(CLI::App& command, std::string& root);
// The positional ENGINE…, of which "auto" is one when it makes sense.
CLI::Option* add_engines(CLI::App& command, std::vector<std::string>& names, bool with_auto);

}  // namespace holdfast::cli
