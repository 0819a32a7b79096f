#include "src/detect/digest.h"

#include <fmt/core.h>

namespace holdfast::detect {

Alert digest_alert(const Digest& digest, std::uint64_t time_ns, const Context& context) {
  Alert alert = begin_record("exec.hash", Severity::kInformational, time_ns, context);
  alert.message = fmt::format("{} of {} has the SHA-256 {}.", digest.path,
                              owner(0, context.container.get()), digest.sha256);
  Object object;
  object.operation = "exec";
  object.path = digest.path;
  object.type = "file";
  object.device = digest.device;
  object.inode = digest.inode;
  object.sha256 = digest.sha256;
  alert.object = std::move(object);
  return alert;
}

}  // namespace holdfast::detect
