#include "src/base/result.h"

#include <system_error>

namespace holdfast {

Error fail_errno(const std::string& what, int error_number) {
  return Error{what + ": " + std::generic_category().message(error_number)};
}

}  // namespace holdfast
