// What several events mean together that none of them means alone. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "src/detect/alert.h"

namespace holdfast::detect {

// So many different files that profiles have rules for (file.sensitive), within so long, are a
// search for secrets and not a program that reads its own.
inline constexpr std::size_t kManyFiles = 5;
inline constexpr std::uint64_t kManyFilesNs = 60ULL * 1'000'000'000;

// Of each container. Times are of CLOCK_BOOTTIME, when it happened: the monitor may hear of it much
// later.
class Behaviour {
 public:
  // Makes an error of `alert`, and an alert where policy only records, when with those before it it
  // is such a search; its message then says so. Not of what an exception calls ordinary.
  void judge(Alert& alert, std::uint64_t time_ns);

  // Containers that are `ended` are forgotten.
  void forget(const std::function<bool(const std::string& container_id)>& ended);

 private:
  // One file by all of its names, where the kernel said which it is.
  struct File {
    std::uint64_t inode = 0;
    std::string name;  // device of its superblock; of one without an inode, its path
    bool operator==(const File&) const = default;
  };
  struct Reached {
    File file;
    std::uint64_t time_ns;
  };
  static File file_of(const Object& object);

  std::map<std::string, std::deque<Reached>> reached_;  // by container id; different files, the
                                                        // last that was reached at the end
};

}  // namespace holdfast::detect
