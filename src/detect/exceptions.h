// What a profile calls ordinary work of its container. Pure.
#pragma once

#include <vector>

#include "src/detect/alert.h"
#include "src/profile/policy.h"

namespace holdfast::detect {

// An alert that the first fitting one of `exceptions` is about becomes a record with its reason.
// What was refused stays an alert: something broke. So does one whose path is not what the kernel
// resolved, where the exception names a path: the process may have spelled it to fit.
void apply_exceptions(const std::vector<profile::Exception>& exceptions, Alert& alert);

}  // namespace holdfast::detect
