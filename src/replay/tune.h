// Finds in alert logs what is frequent and the same, and proposes exceptions for it. A person
// decides: each proposal lacks its reason, and a profile with such an exception is refused. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <nlohmann/json.hpp>

#include "src/profile/policy.h"

namespace holdfast::replay {

struct Proposal {
  std::string profile;
  profile::Exception exception;  // without a reason
  std::uint64_t count = 0;       // of events
  std::size_t paths = 0;         // that its glob stands for; 0: it names none
  std::set<std::string> containers;
  std::string first;  // times, as the log has them
  std::string last;
};

// Lines of alert files, in the order in which they were written.
class Tuner {
 public:
  // Of a line that is no alert of a container with a profile nothing is kept.
  void add(const nlohmann::json& line);

  // What at least `min` events in at least half of the profile's containers have in common, the
  // most frequent first. Never about what was refused, is critical or worse, or is the mark of an
  // intruder rather than of ordinary work, nor about programs that are not the image's.
  [[nodiscard]] std::vector<Proposal> proposals(std::uint64_t min) const;

 private:
  struct Group {
    std::string profile;
    std::string class_name;
    std::string exe;
    std::string path;
    auto operator<=>(const Group&) const = default;
  };
  struct Seen {
    std::uint64_t count = 0;
    std::set<std::string> containers;
    std::string first;
    std::string last;
  };
  // A line that tells how often something came again knows the end of its path only.
  using Named = std::tuple<std::string, std::string, std::string>;  // container, class, name

  static void merge(const Group& group, const Seen& seen, Proposal& proposal);
  [[nodiscard]] Group const* group_of_repeat(const Named& named) const;

  std::map<Group, Seen> groups_;
  std::map<Named, Group> latest_;
  std::map<std::string, std::set<std::string>> containers_;  // by profile, with any alert
};

// A profile that extends the one in use by `proposals`, all of that profile, and keeps its
// exceptions: a list takes the place of the one that is extended.
nlohmann::ordered_json patch_of(const std::string& profile,
                                const std::vector<profile::Exception>& kept,
                                const std::vector<Proposal>& proposals);

}  // namespace holdfast::replay
