#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "src/cli/commands.h"
#include "src/cli/doctor.h"
#include "src/engine/programs.h"
#include "src/engine/record.h"
#include "src/engine/running.h"
#include "src/monitor/client.h"

namespace holdfast::cli {

namespace {

constexpr std::chrono::milliseconds kTimeout{5000};

// By id, an ordinary user's own. None is told of when there is no monitor.
std::optional<std::set<std::string>> guarded_ids(const std::string& socket) {
  std::set<std::string> ids;
  const auto listed = monitor::list_containers(socket, kTimeout);
  for (const monitor::ListedContainer& one :
       listed.ok() ? listed.value() : std::vector<monitor::ListedContainer>()) {
    ids.insert(one.container.id);
  }
  return listed.ok() || monitor::nobody_listens(socket) ? std::optional(ids) : std::nullopt;
}

// Without the record everything looks as if it were by hand.
engine::Record record_of(const EnginePlace& place) {
  const auto record = engine::read_record(place.tree, place.owner);
  if (!record.ok()) {
    complain(record.error());
  }
  return record.ok() ? record.value() : engine::Record();
}

bool is_installed(const EnginePlace& place, const std::string& name) {
  return !engine::find_program(place.tree, name).empty();
}

void add_plain(const EnginePlace& place, std::vector<engine::Diagnosis>& engines) {
  const auto ours = engine::find_programs(place.tree, place.root);
  for (const char* name : {"runc", "crun"}) {
    if (ours.ok() && is_installed(place, name)) {
      engines.push_back(engine::diagnose_plain(name, place.tree, ours.value()));
    }
  }
}

void add_running(const EnginePlace& place, const std::string& socket,
                 std::vector<engine::Diagnosis>& engines) {
  const auto guarded = socket.empty() ? std::nullopt : guarded_ids(socket);
  if (!guarded) {
    return;
  }
  const auto running = engine::running_containers(place.tree, place.owner);
  for (engine::Diagnosis& one : engines) {
    const auto engine = engine::engine_named(one.name);
    if (engine && (one.everyone != engine::Tier::kNone || !one.ways.empty())) {
      one.checks.push_back(engine::judge_running(*engine, running, *guarded));
    }
  }
}

}  // namespace

Result<std::vector<engine::Diagnosis>> examine_engines(const std::vector<std::string>& names,
                                                       const EnginePlace& place,
                                                       const std::string& socket) {
  const std::vector<std::string> all = {"auto"};
  const engine::Record record = record_of(place);
  std::vector<engine::Diagnosis> engines;
  for (const engine::Engine one : TRY(engines_named(names.empty() ? all : names, place))) {
    engines.push_back(engine::diagnose(one, place.tree, place.owner, record));
  }
  add_running(place, socket, engines);
  if (names.empty()) {
    add_plain(place, engines);
  }
  return engines;
}

}  // namespace holdfast::cli
