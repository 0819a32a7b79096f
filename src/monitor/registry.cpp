#include "src/monitor/registry.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "src/base/beneath.h"
#include "src/base/file.h"
#include "src/base/json.h"
#include "src/base/path.h"
#include "src/monitor/known.h"
#include "src/oci/spec.h"

namespace holdfast::monitor {

namespace {

constexpr const char* kSuffix = ".json";
constexpr std::int64_t kMaxU32 = 0xffffffff;

// Each line has all of it: annotations that are longer than others are not told.
detect::ContainerRef told_of(const Registration& registration) {
  const Container& container = registration.container;
  auto annotations = container.annotations;
  std::erase_if(annotations, [](const auto& annotation) {
    return annotation.first.size() + annotation.second.size() > kMaxToldAnnotationBytes;
  });
  detect::Container told{container.id,          container.name,   container.image,
                         container.profile,     container.engine, container.bundle,
                         std::move(annotations)};
  if (registration.owner != 0) {
    told.user = registration.owner;
    told.key = key_of(registration);
    told.account = key_of(registration.owner, "");
  }
  return std::make_shared<const detect::Container>(std::move(told));
}

// None where config.json cannot be read any more.
std::vector<std::string> mounts_of(const std::string& bundle) {
  const auto file = base::read_beneath(bundle, "config.json", oci::kSpecLimits.max_bytes);
  const auto spec = file.ok() ? oci::parse_spec(file.value().bytes, bundle) : file.error();
  std::vector<std::string> mounts;
  if (spec.ok()) {
    for (const oci::Mount& mount : spec.value().mounts) {
      const std::string destination = base::clean_path(mount.destination);
      if (destination.size() > 1) {
        mounts.push_back(destination);
      }
    }
  }
  return mounts;
}

bool same(const kernel::Slot& a, const kernel::Slot& b) {
  return a.number == b.number && a.generation == b.generation;
}

Result<std::uint32_t> read_u32(const base::JsonView& view, const std::string& key) {
  const base::JsonView member = TRY(view.need(key, "remove the file"));
  const std::int64_t number = TRY(member.integer());
  if (number < 0 || number > kMaxU32) {
    return view.error_at(key, "does not fit 32 bits");
  }
  return static_cast<std::uint32_t>(number);
}

// Users' are one level below.
Result<std::vector<std::filesystem::path>> files_of(const std::string& directory) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    if (at.depth() != 0) {
      at.disable_recursion_pending();
    }
    if (at.depth() != 0 || !at->is_directory(error)) {
      files.push_back(at->path());
    }
  }
  if (error) {
    return fail_errno("cannot read " + directory, error.value());
  }
  return files;
}

Result<Entry> read_entry(const std::string& directory, const std::filesystem::path& path) {
  if (path.extension() != kSuffix) {
    return fail(path.string() + " is not a container's file");
  }
  const std::string text = TRY(base::read_file(path, kMaxContainerFileBytes));
  Entry entry = TRY(parse_entry(text, path));
  // By that name alone a later remove() finds it.
  if (path != container_file(directory, entry.told->unique())) {
    return fail(fmt::format("{} is the file of container {}, by another name", path.string(),
                            entry.told->unique()));
  }
  return entry;
}

Status make_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail_errno("cannot make the directory " + path, errno);
  }
  return Ok{};
}

Status must_be_readable(const Result<Entry>& entry) {
  return entry.ok() ? Status(Ok{})
                    : fail(fmt::format("{}; containers stay under the guard that is in force. "
                                       "Remove the file when its container has ended, and start "
                                       "the monitor again",
                                       entry.error().message));
}

}  // namespace

std::string entry_text(const Entry& entry) {
  Request request;
  request.op = Request::Op::kRegister;
  request.registration = entry.registration;
  return fmt::format(
      "{{\"version\":{},\"slot\":{},\"generation\":{},\"start_ticks\":{},\"owner\":{},"
      "\"request\":{}}}\n",
      kRegistryVersion, entry.slot.number, entry.slot.generation, entry.init_start_ticks,
      entry.registration.owner, encode(request));
}

Result<Entry> parse_entry(const std::string& text, const std::string& what) {
  const nlohmann::json json =
      TRY(base::parse_json(text, what, {.max_bytes = kMaxContainerFileBytes}));
  const base::JsonView view(json, what);
  std::int64_t version = kRegistryVersion;
  TRY(view.read("version", version));
  if (version != kRegistryVersion) {
    return view.error_at("version", fmt::format("is {}, and this build of holdfast reads {}",
                                                version, kRegistryVersion));
  }
  Entry entry;
  entry.slot.number = TRY(read_u32(view, "slot"));
  entry.slot.generation = TRY(read_u32(view, "generation"));
  const base::JsonView start = TRY(view.need("start_ticks", "remove the file"));
  const std::int64_t ticks = TRY(start.integer());
  if (ticks < 0) {
    return view.error_at("start_ticks", "is negative; remove the file");
  }
  entry.init_start_ticks = static_cast<std::uint64_t>(ticks);
  const base::JsonView member = TRY(view.need("request", "remove the file"));
  const Request request = TRY(decode_request(member.raw().dump()));
  if (request.op != Request::Op::kRegister) {
    return view.error_at("request", "is not a registration; remove the file");
  }
  entry.registration = request.registration;
  std::int64_t owner = 0;
  TRY(view.read("owner", owner));
  if (owner < 0 || owner > kMaxU32) {
    return view.error_at("owner", "is no user's number; remove the file");
  }
  entry.registration.owner = static_cast<std::uint32_t>(owner);
  entry.told = told_of(entry.registration);
  return entry;
}

Result<Registry> Registry::open(const std::string& directory) {
  TRY(make_directory(directory));
  return Registry(directory);
}

Status Registry::check() const {
  for (const std::filesystem::path& path : TRY(files_of(directory_))) {
    if (path.extension() == kSuffix) {
      TRY(must_be_readable(read_entry(directory_, path)));
    }
  }
  return Ok{};
}

Result<Registry::Restored> Registry::restore(const std::vector<kernel::Slot>& slots) {
  std::vector<std::pair<std::filesystem::path, Result<Entry>>> found;
  for (const std::filesystem::path& path : TRY(files_of(directory_))) {
    found.emplace_back(path, read_entry(directory_, path));
    if (!slots.empty() && path.extension() == kSuffix) {
      TRY(must_be_readable(found.back().second));
    }
  }
  Restored restored;
  for (auto& [path, entry] : found) {
    const bool guarded =
        entry.ok() && std::any_of(slots.begin(), slots.end(),
                                  [&](const auto& slot) { return same(slot, entry.value().slot); });
    if (guarded) {
      insert(std::move(entry).value());
      continue;
    }
    restored.problems.push_back(
        entry.ok() ? fmt::format("container {} is not guarded any more: its slot is not in use",
                                 entry.value().told->unique())
                   : entry.error().message);
    unlink(path.c_str());
  }
  std::copy_if(slots.begin(), slots.end(), std::back_inserter(restored.nameless),
               [this](const auto& slot) { return key_of_slot_.count(slot.number) == 0; });
  return restored;
}

Status Registry::add(const Registration& registration, const kernel::Slot& slot,
                     std::uint64_t init_start_ticks) {
  Entry entry{registration, slot, init_start_ticks, told_of(registration), {}};
  const std::string path = path_of(key_of(registration));
  if (registration.owner != 0) {
    TRY(make_directory(std::filesystem::path(path).parent_path()));
  }
  TRY(base::replace_file(path, entry_text(entry), 0600));
  insert(std::move(entry));
  return Ok{};
}

Status Registry::change(const Registration& registration) {
  Entry& entry = entries_.at(key_of(registration));
  Entry changed = entry;
  changed.registration = registration;
  changed.told = told_of(registration);
  TRY(base::replace_file(path_of(key_of(registration)), entry_text(changed), 0600));
  entry = std::move(changed);
  return Ok{};
}

void Registry::insert(Entry entry) {
  // What a user's bundle leads to is not for root to open.
  if (reads_mounts_ && entry.registration.owner == 0) {
    entry.mounts = mounts_of(entry.told->bundle);
  }
  key_of_slot_[entry.slot.number] = entry.told->unique();
  entries_[entry.told->unique()] = std::move(entry);
}

void Registry::remove(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) {
    return;
  }
  const std::string path = path_of(key);
  unlink(path.c_str());
  if (found->second.registration.owner != 0) {
    // Fails, as it should, where the user has others.
    rmdir(std::filesystem::path(path).parent_path().c_str());
  }
  key_of_slot_.erase(found->second.slot.number);
  gone_.push_front(std::move(found->second));
  entries_.erase(found);
  if (gone_.size() > kMaxGone) {
    gone_.pop_back();
  }
}

const Entry* Registry::find(const std::string& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second;
}

const Entry* Registry::find_slot(std::uint32_t slot, std::uint32_t generation) const {
  const kernel::Slot wanted{slot, generation};
  const auto id = key_of_slot_.find(slot);
  if (id != key_of_slot_.end() && same(entries_.at(id->second).slot, wanted)) {
    return &entries_.at(id->second);
  }
  const auto gone = std::find_if(gone_.begin(), gone_.end(),
                                 [&](const Entry& entry) { return same(entry.slot, wanted); });
  return gone == gone_.end() ? nullptr : &*gone;
}

const Entry* Registry::latest_of_slot(std::uint32_t slot) const {
  const auto id = key_of_slot_.find(slot);
  if (id != key_of_slot_.end()) {
    return &entries_.at(id->second);
  }
  const auto gone = std::find_if(gone_.begin(), gone_.end(),
                                 [slot](const Entry& entry) { return entry.slot.number == slot; });
  return gone == gone_.end() ? nullptr : &*gone;
}

std::vector<ListedContainer> Registry::list(std::uint64_t after, std::uint32_t user) const {
  std::vector<ListedContainer> listed;
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  for (auto at = key_of_slot_.upper_bound(static_cast<std::uint32_t>(std::min(after, kMost)));
       at != key_of_slot_.end(); ++at) {
    const Entry& entry = entries_.at(at->second);
    const std::uint32_t owner = entry.registration.owner;
    if (user == 0 || user == owner) {
      listed.push_back({entry.registration.container, entry.slot.number, entry.registration.pid,
                        entry.registration.cgroup, owner});
    }
  }
  return listed;
}

std::string Registry::path_of(const std::string& key) const {
  return container_file(directory_, key);
}

}  // namespace holdfast::monitor
