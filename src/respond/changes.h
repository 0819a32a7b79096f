// What a container changed of its root file system: the upper layer of its overlay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::respond {

// The upperdir of the overlay that is mounted at `rootfs`, in the text of a mountinfo file
// (proc(5)). Empty where there is none. Of several, the uppermost.
std::string upper_directory(std::string_view mountinfo, std::string_view rootfs);

struct Change {
  std::string path;       // from the container's root; printable
  std::string_view type;  // a constant: "file", "directory", …; "deleted" for what was taken away
  unsigned mode = 0;
  std::uint64_t bytes = 0;
  std::int64_t changed_s = 0;  // since 1970
};

// What lies in the upper layer `directory`, at most `most` of it; links are told, not followed.
std::vector<Change> changes_in(const std::string& directory, std::size_t most);

}  // namespace holdfast::respond
