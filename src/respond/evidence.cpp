#include "src/respond/evidence.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/respond/changes.h"
#include "src/respond/snapshot.h"
#include "src/sink/tail.h"

namespace holdfast::respond {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxProcesses = 256;
constexpr std::size_t kMaxChanges = 4096;
constexpr std::size_t kMaxMountinfo = std::size_t{4} << 20;
// Of the log's end: some thousand lines, of which the container's last are kept.
constexpr std::size_t kLogBytes = std::size_t{2} << 20;
constexpr std::size_t kMaxRecords = 200;
constexpr std::array kSocketTables = {"tcp", "tcp6", "udp", "udp6", "unix"};

std::string text_of(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// In the index.
Json process_json(const Snapshot& shot) {
  return {{"pid", shot.pid},        {"ppid", shot.parent}, {"start_ticks", shot.start_ticks},
          {"comm", shot.comm},      {"exe", shot.exe},     {"argv", shot.argv},
          {"cwd", shot.cwd},        {"root", shot.root},   {"cgroup", shot.cgroup},
          {"network", shot.network}};
}

Json files_json(const Snapshot& shot) {
  Json list = Json::array();
  for (const OpenFile& file : shot.files) {
    list.push_back({{"fd", file.number}, {"target", file.target}});
  }
  return list;
}

Status keep_process(Incident& incident, const Snapshot& shot) {
  TRY(incident.add(fmt::format("{}.status", shot.pid), shot.status));
  TRY(incident.add(fmt::format("{}.maps", shot.pid), shot.maps));
  TRY(incident.add(fmt::format("{}.files.json", shot.pid), text_of(files_json(shot))));
  return Ok{};
}

// Of the number in "net:[4026531840]".
std::string digits(const std::string& text) {
  std::string found;
  std::ranges::copy_if(text, std::back_inserter(found),
                       [](char c) { return c >= '0' && c <= '9'; });
  return found;
}

Status keep_sockets(Incident& incident, const EvidenceSettings& settings, const Snapshot& shot) {
  for (const char* table : kSocketTables) {
    const auto text = base::read_file(
        fmt::format("{}/{}/net/{}", settings.proc_root, shot.pid, table), kMaxMountinfo);
    if (text.ok()) {
      TRY(incident.add(fmt::format("net-{}.{}", digits(shot.network), table), text.value()));
    }
  }
  return Ok{};
}

Result<Json> keep_processes(Incident& incident, const EvidenceSettings& settings,
                            const std::vector<pid_t>& pids, const std::string& cgroup) {
  Json tree = Json::array();
  std::set<std::string> networks;
  for (const pid_t pid : pids) {
    const auto shot = snapshot_of(settings.proc_root, pid, cgroup, settings.limits.file_bytes,
                                  settings.arguments);
    if (!shot || tree.size() >= kMaxProcesses) {
      continue;
    }
    tree.push_back(process_json(*shot));
    TRY(keep_process(incident, *shot));
    if (networks.insert(shot->network).second) {
      TRY(keep_sockets(incident, settings, *shot));
    }
  }
  return tree;
}

// Whether the root file system is an overlay that is in view.
Result<bool> keep_changes(Incident& incident, const EvidenceSettings& settings,
                          const std::string& rootfs) {
  const auto mounts = base::read_file(settings.proc_root + "/self/mountinfo", kMaxMountinfo);
  const std::string upper = mounts.ok() ? upper_directory(mounts.value(), rootfs) : "";
  if (upper.empty()) {
    return false;
  }
  Json list = Json::array();
  for (const Change& change : changes_in(upper, kMaxChanges)) {
    list.push_back({{"path", change.path},
                    {"type", change.type},
                    {"mode", fmt::format("{:04o}", change.mode)},
                    {"bytes", change.bytes},
                    {"changed", base::rfc3339(change.changed_s * 1'000'000'000)}});
  }
  TRY(incident.add("changes.json", text_of(list)));
  return true;
}

bool is_of(const std::string& line, const detect::Container& of) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) {
    return false;
  }
  const auto container = json.find("container");
  return container != json.end() && container->is_object() &&
         container->value("id", nlohmann::json()) == nlohmann::json(of.id) &&
         container->value("user", nlohmann::json(0)) == nlohmann::json(of.user);
}

// The container's lines at the end of the log, the newest last.
std::string last_records(const std::string& path, const detect::Container& of) {
  const std::string end = sink::end_of_file(path, kLogBytes);
  std::vector<std::string> lines;
  std::size_t stop = end.rfind('\n');
  while (stop != std::string::npos && stop > 0 && lines.size() < kMaxRecords) {
    const std::size_t before = end.rfind('\n', stop - 1);
    const std::size_t start = before == std::string::npos ? 0 : before + 1;
    const std::string line = end.substr(start, stop - start);
    if (line.find(of.id) != std::string::npos && is_of(line, of)) {
      lines.push_back(line);
    }
    stop = before;
  }
  std::string text;
  std::for_each(lines.rbegin(), lines.rend(), [&](const auto& line) { text += line + "\n"; });
  return text;
}

Json index_of(const Order& order, std::int64_t now_ns) {
  const Target& target = order.target;
  const detect::Container& container = target.container;
  Json by = {{"pid", order.by.pid}, {"uid", order.by.uid}};
  if (order.by.pid == 0) {
    by = {{"profile", order.by.profile},
          {"class", order.by.class_name},
          {"severity", detect::severity_name(order.by.severity)}};
  }
  return {{"schema", "holdfast.incident/v1"},
          {"time", base::rfc3339(now_ns)},
          {"response", profile::response_name(order.response)},
          {"by", by},
          {"container",
           {{"id", container.id},
            {"name", container.name},
            {"image", container.image},
            {"profile", container.profile},
            {"engine", container.engine},
            {"bundle", container.bundle}}},
          {"init", target.init},
          {"cgroup", target.cgroup}};
}

// Without its place in a queue, which it gets when it is written.
Json alert_json(const std::string& text) {
  Json alert = Json::parse(text, nullptr, false);
  if (alert.is_object()) {
    alert.erase("origin");
  }
  return alert.is_object() ? alert : Json();
}

Json kept_json(const Incident& incident) {
  Json list = Json::array();
  for (const Incident::File& file : incident.files()) {
    list.push_back({{"name", file.name}, {"bytes", file.bytes}, {"truncated", file.truncated}});
  }
  return list;
}

}  // namespace

Result<std::string> keep_evidence(const EvidenceSettings& settings, const Order& order,
                                  const Cgroup& cgroup) {
  const std::int64_t now_ns = base::real_now_ns();
  Json index = index_of(order, now_ns);
  const std::vector<pid_t> pids = TRY(cgroup.members());
  Incident incident = TRY(Incident::make(settings.incidents, base::time_in_name(now_ns),
                                         order.target.generation, settings.limits));
  index["alert"] = alert_json(order.alert);
  // First what is small and says most.
  TRY(incident.add("records.jsonl", last_records(settings.alerts, order.target.container)));
  index["overlay"] = TRY(keep_changes(incident, settings, order.target.rootfs));
  index["processes"] = TRY(keep_processes(incident, settings, pids, order.target.cgroup));
  index["all_processes"] = pids.size();
  index["files"] = kept_json(incident);
  // Somebody may have thawed it meanwhile.
  index["frozen_throughout"] = TRY(cgroup.is_frozen());
  TRY(incident.finish("index.json", text_of(index)));
  return incident.path();
}

}  // namespace holdfast::respond
