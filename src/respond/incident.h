// A directory that keeps what one container was doing, bounded in every way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"
#include "src/base/unique_fd.h"

namespace holdfast::respond {

struct IncidentLimits {
  std::size_t file_bytes = std::size_t{256} << 10;
  std::size_t all_bytes = std::size_t{16} << 20;  // of an incident
  std::size_t incidents = 32;                     // the oldest make room
};

class Incident {
 public:
  struct File {
    std::string name;
    std::size_t bytes = 0;
    bool truncated = false;
  };

  // Makes `root` (0700, where it is not there) and in it a directory of its own, by the time and
  // `number`: nothing of the container's is in a name. Refused: a root that others may write.
  static Result<Incident> make(const std::string& root, std::string_view time, std::uint64_t number,
                               const IncidentLimits& limits);

  // A new file of it, 0600, cut to the limits. `name` is ours, one component. False when there was
  // room for none of it.
  Result<bool> add(const std::string& name, std::string_view bytes);

  // The last one: has room whatever came before.
  Status finish(const std::string& name, std::string_view bytes);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::vector<File>& files() const { return files_; }

 private:
  Incident(std::string path, base::UniqueFd directory, const IncidentLimits& limits)
      : path_(std::move(path)), directory_(std::move(directory)), limits_(limits) {}
  Status write(const std::string& name, std::string_view bytes);

  std::string path_;
  base::UniqueFd directory_;
  IncidentLimits limits_;
  std::size_t used_ = 0;
  std::vector<File> files_;
};

}  // namespace holdfast::respond
