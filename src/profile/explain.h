// A policy in words: what it answers, where that is written, and how two differ. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/profile/compile.h"
#include "src/profile/load.h"

namespace holdfast::profile {

// JSON pointer of the key of a profile that decides about a class (enum hf_class).
std::string key_of_class(std::uint32_t class_id);

// The file of the first layer that has the key; "" where none has and the built-in value holds.
std::string origin_of(const std::vector<Layer>& layers, const std::string& pointer);

// Pointers of all keys of `merged` that are no objects, in its order.
std::vector<std::string> keys_of(const nlohmann::json& merged);

// One way in which a policy differs from another.
struct Difference {
  enum class Kind { kAllowed, kRefused, kWeaker, kStronger, kChanged };
  Kind kind;         // what the new policy does that the old one does not
  std::string what;  // "escape.mount: deny → alert", "writing below /data"
};

// Allowed and refused: what changes hands between "refused" and "goes on". Weaker and stronger:
// what is told less or more. Changed: neither.
std::vector<Difference> differences(const Compiled& old_one, const Compiled& new_one);

// The same of what is not in a policy: which images a profile is for, and what happens where it
// cannot be put in force.
std::vector<Difference> differences(const Profile& old_one, const Profile& new_one);

}  // namespace holdfast::profile
