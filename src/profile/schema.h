// The published JSON schemas, and checking documents against them.
//
// Kept apart from decoding: hook and shim decode on every container start and must not pay for (nor
// carry) a schema validator.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "src/base/result.h"

namespace holdfast::profile {

// Text of profiles/schema/*.schema.json as of the build.
std::string_view profile_schema();
std::string_view config_schema();

// What in `document` does not fit `schema`, one sentence each, with the JSON pointer.
std::vector<Error> check_schema(std::string_view schema, const nlohmann::json& document,
                                const std::string& what);

}  // namespace holdfast::profile
