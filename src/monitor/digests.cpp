#include "src/monitor/digests.h"

#include <utility>

#include "src/base/clock.h"
#include "src/detect/digest.h"
#include "src/detect/names.h"

namespace holdfast::monitor {
namespace {

bool is_code(const detect::Object& object) {
  return object.operation == "exec" || object.operation == "exec_script" ||
         object.operation == "mmap";
}

}  // namespace

void Digests::notice(const detect::Alert& alert, const Entry& entry) {
  // What a user's mounts lead to is not for root to open.
  if (!wanted_ || entry.registration.owner != 0 || !alert.object || !is_code(*alert.object)) {
    return;
  }
  const detect::Object& object = *alert.object;
  digest::Executable file;
  // Of a container that has gone the pid may be another's.
  file.init = registry_.find(entry.told->unique()) == &entry ? entry.registration.pid : 0;
  file.rootfs_device = detect::device_name(kernel_.rootfs_device(entry.slot));
  file.path = object.path;
  file.device = object.device;
  file.inode = object.inode;
  // Repeats are told with the time of the first, and went on until now.
  file.time_ns = alert.origin.queue == "repeats" ? base::real_now_ns() : alert.time_ns;
  digester_.ask({entry.slot.generation, entry.slot.number}, std::move(file));
  asked_ = true;
}

void Digests::tell() {
  if (!asked_) {
    return;
  }
  for (const digest::Hashed& hashed : digester_.finished()) {
    const auto& [generation, slot] = hashed.container;
    if (const Entry* entry = registry_.find_slot(slot, generation)) {
      pipeline_.tell_digest(
          *entry, {hashed.file.path, hashed.file.device, hashed.file.inode, hashed.sha256});
    }
  }
  pipeline_.counters().unhashed(digester_.unhashed());
}

void Digests::finish() {
  digester_.stop();
  tell();
}

}  // namespace holdfast::monitor
