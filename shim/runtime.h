// Which real runtime stands behind the shim.
#pragma once

#include <sys/types.h>

#include <string>

#include "src/base/result.h"

namespace holdfast::shim {

// A file by what it is, not by its name: the shim may be called by a link.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};

struct Surroundings {
  std::string called_as;   // argv[0]
  std::string configured;  // "runtime" of holdfast.json: an absolute path, or ""
  std::string path;        // PATH; "" where it is not set
  FileIdentity self;       // the shim, which is never its own real runtime
};

// The path of the real runtime: the one we are called for (holdfast-runc, holdfast-crun), else the
// configured one, else crun or runc on PATH. Relative folders on PATH are passed over.
Result<std::string> find_runtime(const Surroundings& surroundings);

// What this process runs, from /proc/self/exe.
FileIdentity own_identity();

}  // namespace holdfast::shim
