#include "src/replay/tune.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "src/detect/severity.h"
#include "src/profile/profile.h"
#include "src/replay/act.h"

namespace holdfast::replay {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// What no container does in the course of its work, or what a narrower word than an exception is
// for: a peer belongs into network.connect, a program into exec.allow.
constexpr std::array<std::string_view, 7> kNever = {"escape.",  "tamper.",  "drift.", "fileless.",
                                                    "process.", "network.", "exec."};

// Directories that are too much for one glob: the root, and those right below it. Below these are
// the image's programs and settings.
constexpr std::array<std::string_view, 8> kNoGlob = {"/usr/", "/etc/",  "/bin/",  "/sbin/",
                                                     "/lib",  "/root/", "/boot/", "/opt/"};

std::string text_at(const json& line, const char* pointer) {
  const json::json_pointer place(pointer);
  const json value = line.contains(place) ? line.at(place) : json();
  return value.is_string() ? value.get<std::string>() : "";
}

bool flag_at(const json& line, const char* pointer) {
  const json::json_pointer place(pointer);
  return line.contains(place) && line.at(place) == json(true);
}

std::uint64_t count_of(const json& line) {
  const auto found = line.find("count");
  return found != line.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 1;
}

// An alert, or what would be one but for its container's budget.
bool was_alert(const json& line) {
  return text_at(line, "/kind") == "alert" || !text_at(line, "/held_back").empty();
}

bool may_be_ordinary(const json& line) {
  const std::string class_name = text_at(line, "/class");
  const auto severity = detect::severity_by_name(text_at(line, "/severity"));
  return is_act(class_name) && text_at(line, "/action") == "alerted" && severity &&
         *severity > detect::Severity::kCritical && text_at(line, "/process/layer") != "upper" &&
         std::ranges::none_of(kNever, [&](auto prefix) { return class_name.starts_with(prefix); });
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }
std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

bool may_have_glob(const std::string& directory) {
  return std::ranges::count(directory, '/') > 2 &&
         std::ranges::none_of(kNoGlob, [&](auto place) { return directory.starts_with(place); });
}

// A text as a glob that fits it alone.
std::string escaped(const std::string& text) {
  std::string glob;
  for (const char byte : text) {
    if (std::string_view("*?[\\").find(byte) != std::string_view::npos) {
      glob += '\\';
    }
    glob += byte;
  }
  return glob;
}

}  // namespace

void Tuner::add(const json& line) {
  const std::string profile = text_at(line, "/container/profile");
  const std::string container = text_at(line, "/container/id");
  if (profile.empty() || container.empty() || !was_alert(line)) {
    return;
  }
  containers_[profile].insert(container);
  if (!may_be_ordinary(line)) {
    return;
  }
  const std::string path = text_at(line, "/object/path");
  const std::string class_name = text_at(line, "/class");
  const Named named{container, class_name, name_of(path)};
  Group group{profile, class_name, text_at(line, "/process/exe"), path};
  if (flag_at(line, "/object/path_truncated")) {
    const Group* known = group_of_repeat(named);
    if (known == nullptr) {
      return;
    }
    group = *known;
  } else if (group.exe.empty() || flag_at(line, "/object/path_as_spelled")) {
    return;  // No exception fits the one, and one without a program fits too much.
  } else {
    latest_[named] = group;
  }
  Seen& seen = groups_[group];
  seen.count += count_of(line);
  seen.containers.insert(container);
  const std::string time = text_at(line, "/time");
  seen.first = seen.first.empty() ? time : std::min(seen.first, time);
  seen.last = std::max(seen.last, time);
}

const Tuner::Group* Tuner::group_of_repeat(const Named& named) const {
  const auto found = latest_.find(named);
  return found == latest_.end() ? nullptr : &found->second;
}

void Tuner::merge(const Group& group, const Seen& seen, Proposal& proposal) {
  proposal.count += seen.count;
  proposal.paths += group.path.empty() ? 0 : 1;
  proposal.containers.insert(seen.containers.begin(), seen.containers.end());
  proposal.first = proposal.first.empty() ? seen.first : std::min(proposal.first, seen.first);
  proposal.last = std::max(proposal.last, seen.last);
}

std::vector<Proposal> Tuner::proposals(std::uint64_t min) const {
  std::map<Group, std::vector<const std::pair<const Group, Seen>*>> merged;
  for (const auto& one : groups_) {
    Group key = one.first;
    const std::string directory = directory_of(key.path);
    key.path = may_have_glob(directory) ? directory : key.path;
    merged[key].push_back(&one);
  }
  std::vector<Proposal> proposals;
  for (const auto& [key, members] : merged) {
    Proposal proposal;
    proposal.profile = key.profile;
    for (const auto* member : members) {
      merge(member->first, member->second, proposal);
    }
    const std::string path =
        members.size() == 1 ? escaped(members.front()->first.path) : escaped(key.path) + "*";
    proposal.exception = {key.class_name, escaped(key.exe), path, ""};
    if (proposal.count >= min &&
        2 * proposal.containers.size() >= containers_.at(key.profile).size()) {
      proposals.push_back(std::move(proposal));
    }
  }
  std::ranges::stable_sort(proposals, std::ranges::greater{}, &Proposal::count);
  return proposals;
}

ordered_json patch_of(const std::string& profile, const std::vector<profile::Exception>& kept,
                      const std::vector<Proposal>& proposals) {
  ordered_json exceptions = ordered_json::array();
  const auto add = [&exceptions](const profile::Exception& one) {
    ordered_json exception;
    for (const auto& [key, glob] : {std::pair("class", &one.class_name), std::pair("exe", &one.exe),
                                    std::pair("path", &one.path)}) {
      if (!glob->empty()) {
        exception[key] = *glob;
      }
    }
    exception["reason"] = one.reason;
    exceptions.push_back(std::move(exception));
  };
  std::ranges::for_each(kept, add);
  std::ranges::for_each(proposals, add, &Proposal::exception);
  return {{"schema", profile::kSchemaName},
          {"name", profile + "-tuned"},
          {"extends", profile},
          {"exceptions", std::move(exceptions)}};
}

}  // namespace holdfast::replay
