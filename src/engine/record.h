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
  // The default runtime that ours took the place of, where that stood in the same file as a value
  // of its own (Docker); uninstall puts it back.
  std::string replaced;

  bool operator==(const Written&) const = default;
};

using Record = std::map<std::string, Written>;  // by path

std::string record_path(const Owner& owner);
// What it says of a file; nullptr: nothing.
const Written* find(const Record& record, const std::string& path);

// From reading the record until the changes are made, so that of two installs none loses what the
// other recorded. Root's record is refused where others could change it.
Result<base::UniqueFd> lock_record(const Tree& tree, const Owner& owner);

// Empty when there is none.
Result<Record> read_record(const Tree& tree, const Owner& owner);
// Removes the file when nothing is written any more.
Status write_record(const Tree& tree, const Owner& owner, const Record& record);

}  // namespace holdfast::engine
