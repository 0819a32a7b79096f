// What `holdfast install` wrote, so that later it knows its own from what somebody has changed.
#pragma once

#include <map>
#include <string>

#include "src/base/result.h"
#include "src/engine/engine.h"
#include "src/engine/tree.h"

namespace holdfast::engine {

struct Written {
  std::string engine;
  std::string ours;      // Parts::ours
  bool created = false;  // the file was not there before

  bool operator==(const Written&) const = default;
};

using Record = std::map<std::string, Written>;  // by path

std::string record_path(const Owner& owner);

// Empty when there is none.
Result<Record> read_record(const Tree& tree, const Owner& owner);
// Removes the file when nothing is written any more.
Status write_record(const Tree& tree, const Owner& owner, const Record& record);

}  // namespace holdfast::engine
