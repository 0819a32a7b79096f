// The hook's command line.
#pragma once

#include <span>
#include <string>

#include "src/base/result.h"

namespace holdfast::hook {

enum class Stage { kHelp, kPrecreate, kCreate, kPoststop };

struct Options {
  Stage stage = Stage::kHelp;
  std::string config;  // holdfast.json; "": the default place
  std::string socket;  // the monitor's; "": what holdfast.json says
  std::string spec;    // config.json; "": the bundle's
  std::string bundle;  // where the state says "/"; "": believe it
  std::string refuse;  // why the container is refused, whatever else; "": it is not
};

// What --help says.
extern const char* const kHelp;

// The arguments after argv[0].
Result<Options> parse_options(std::span<const char* const> arguments);

}  // namespace holdfast::hook
