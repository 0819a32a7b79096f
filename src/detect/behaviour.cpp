#include "src/detect/behaviour.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

namespace holdfast::detect {
namespace {

constexpr const char* kSensitive = "file.sensitive";
// Beyond that nothing new is learned.
constexpr std::size_t kMostFiles = 64;

}  // namespace

Behaviour::File Behaviour::file_of(const Object& object) {
  return {object.inode, object.inode == 0 ? object.path : object.device};
}

void Behaviour::judge(Alert& alert, std::uint64_t time_ns) {
  if (alert.class_name != kSensitive || !alert.container || !alert.object ||
      !alert.exception.empty()) {
    return;
  }
  std::deque<Reached>& files = reached_[alert.container->unique()];
  File file = file_of(*alert.object);
  std::erase_if(files, [&](const Reached& reached) {
    return reached.file == file || time_ns >= reached.time_ns + kManyFilesNs;
  });
  files.push_back({std::move(file), time_ns});
  if (files.size() > kMostFiles) {
    files.pop_front();
  }
  if (files.size() < kManyFiles) {
    return;
  }
  alert.kind = "alert";
  alert.severity = std::min(alert.severity, Severity::kError);
  alert.message += fmt::format(" It is one of {} such files within a minute.", files.size());
}

void Behaviour::forget(const std::function<bool(const std::string& container_id)>& ended) {
  std::erase_if(reached_, [&ended](const auto& entry) { return ended(entry.first); });
}

}  // namespace holdfast::detect
