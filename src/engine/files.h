// The files in which an engine is told of holdfast, and what in them is ours.
#pragma once

#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/engine/engine.h"
#include "src/engine/record.h"
#include "src/engine/tree.h"

namespace holdfast::engine {

struct File {
  enum class Kind {
    kDropIn,          // a drop-in: all of it is ours
    kDaemonJson,      // Docker's, with a member of ours
    kContainerdToml,  // containerd's, with a block of ours
  };
  std::string path;
  Kind kind = Kind::kDropIn;
};

// A file's text taken apart.
struct Parts {
  std::string ours;  // "" when there is nothing of ours; for comparing
  std::string rest;  // the text without it
};
// `replaced`: Written::replaced.
Result<Parts> take_apart(const File& file, const std::string& text,
                         const std::string& replaced = "");

// Whether `rest` is what is left of a file that holdfast made itself.
bool is_bare(const File& file, const std::string& rest);

// All that a decision about an engine looks at.
struct Site {
  const Tree& tree;
  Owner owner;
  Programs programs;
  Options options;
  Record record;
};

// A file as it should be.
struct Wanted {
  File file;
  std::string text;
  std::string replaced{};  // for Written
};

// Everything that any options make holdfast write for an engine.
std::vector<File> files_of(Engine engine, const Owner& owner);

struct WantedFiles {
  std::vector<Wanted> files;
  std::vector<std::string> notes;  // sentences about what stands in the way, or is left to do
};
// What these options make of it.
Result<WantedFiles> wanted_files(Engine engine, const Site& site);

// What ours says: "runtime", "hook" and "default", as they apply.
std::vector<std::string> describe(const File& file, const std::string& ours);

}  // namespace holdfast::engine
