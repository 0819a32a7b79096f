#include "src/detect/exceptions.h"

#include <algorithm>
#include <string>

#include "src/base/path.h"

namespace holdfast::detect {
namespace {

bool fits(const std::string& glob, const std::string& text) {
  return glob.empty() || base::glob_match(glob, text);
}

bool fits_path(const std::string& glob, const Alert& alert) {
  if (glob.empty()) {
    return true;
  }
  return alert.object && !alert.object->path_truncated && !alert.object->path_as_spelled &&
         fits(glob, alert.object->path);
}

bool fits_exe(const std::string& glob, const Alert& alert) {
  return glob.empty() || (alert.process && fits(glob, alert.process->exe));
}

}  // namespace

void apply_exceptions(const std::vector<profile::Exception>& exceptions, Alert& alert) {
  if (alert.kind != "alert" || alert.action != "alerted") {
    return;
  }
  const auto found = std::ranges::find_if(exceptions, [&](const profile::Exception& exception) {
    return fits(exception.class_name, alert.class_name) && fits_exe(exception.exe, alert) &&
           fits_path(exception.path, alert);
  });
  if (found != exceptions.end()) {
    alert.kind = "record";
    alert.exception = found->reason;
  }
}

}  // namespace holdfast::detect
