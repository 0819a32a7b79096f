#include "src/digest/digester.h"

#include <sys/eventfd.h>
#include <sys/resource.h>

#include <cerrno>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <tuple>
#include <utility>
#include <variant>

#include "src/base/clock.h"
#include "src/base/unique_fd.h"

namespace holdfast::digest {
namespace {

using FileId = std::tuple<std::string, std::uint64_t, Version>;  // device, inode

constexpr std::uint64_t kMinuteNs = 60ULL * 1'000'000'000;
constexpr int kLowest = 19;
// A container that may watch files for the whole system (fanotify(7)) can let a read wait for ever.
constexpr std::chrono::milliseconds kPatience{1000};

}  // namespace

// What is below the mutex is guarded by it; the settings never change; the rest is the thread's.
struct Digester::Shared {
  struct Known {
    std::string sha256;
    std::set<ContainerId> told;
  };
  Settings settings;
  base::UniqueFd event;
  std::map<FileId, Known> known;
  std::deque<FileId> order;                    // of `known`, the oldest first
  std::map<ContainerId, std::uint64_t> bytes;  // read in this minute
  std::uint64_t minute = 0;

  std::mutex mutex;
  std::map<ContainerId, std::size_t> waiting;
  std::vector<Hashed> hashed;
  Counts unhashed{};

  bool may_wait(const ContainerId& container);
  void begun(const ContainerId& container);
  std::variant<std::string, Unhashed> digest_of(const ContainerId& container,
                                                const Executable& file,
                                                const std::atomic<bool>& leaving);
  bool may_read(const ContainerId& container, std::uint64_t more);
  std::map<FileId, Known>::iterator remember(const FileId& id, std::string sha256);
  void count(Unhashed why);
};

bool Digester::Shared::may_wait(const ContainerId& container) {
  const std::lock_guard lock(mutex);
  std::size_t& of_one = waiting[container];
  if (of_one == kMostWaitingOfOne) {
    return false;
  }
  ++of_one;
  return true;
}

void Digester::Shared::begun(const ContainerId& container) {
  const std::lock_guard lock(mutex);
  if (--waiting[container] == 0) {
    waiting.erase(container);
  }
}

void Digester::Shared::count(Unhashed why) {
  const std::lock_guard lock(mutex);
  ++unhashed.at(static_cast<std::size_t>(why));
}

bool Digester::Shared::may_read(const ContainerId& container, std::uint64_t more) {
  const std::uint64_t now = base::boot_now_ns() / kMinuteNs;
  if (now != minute) {
    bytes.clear();
    minute = now;
  }
  std::uint64_t& used = bytes[container];
  if (used + more > settings.bytes_a_minute) {
    return false;
  }
  used += more;
  return true;
}

std::map<FileId, Digester::Shared::Known>::iterator Digester::Shared::remember(const FileId& id,
                                                                               std::string sha256) {
  if (order.size() >= kMostKnown) {
    known.erase(order.front());
    order.pop_front();
  }
  order.push_back(id);
  return known.emplace(id, Known{std::move(sha256), {}}).first;
}

// "" where it was told before.
std::variant<std::string, Unhashed> Digester::Shared::digest_of(const ContainerId& container,
                                                                const Executable& file,
                                                                const std::atomic<bool>& leaving) {
  const auto opened = open_executable(file, settings.proc_root);
  if (const auto* why = std::get_if<Unhashed>(&opened)) {
    return *why;
  }
  const auto& open = std::get<OpenExecutable>(opened);
  const FileId id = {file.device, file.inode, open.version};
  auto found = known.find(id);
  if (found == known.end() && !may_read(container, open.version.bytes)) {
    return Unhashed::kBusy;
  }
  if (found == known.end()) {
    auto digest = sha256_of(open, leaving);
    if (std::holds_alternative<Unhashed>(digest)) {
      return digest;
    }
    found = remember(id, std::get<std::string>(std::move(digest)));
  }
  Known& one = found->second;
  if (one.told.size() >= kMostTold) {
    one.told.erase(one.told.begin());
  }
  return one.told.insert(container).second ? one.sha256 : std::string();
}

Result<Digester> Digester::make(Settings settings) {
  auto shared = std::make_shared<Shared>();
  shared->settings = std::move(settings);
  shared->event = base::UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!shared->event.valid()) {
    return fail_errno("cannot make an event descriptor", errno);
  }
  return Digester(std::move(shared));
}

Digester::Digester(std::shared_ptr<Shared> shared)
    : shared_(std::move(shared)),
      worker_(std::make_unique<base::Worker>(kMostWaiting, kPatience)) {}

void Digester::ask(const ContainerId& container, Executable file) {
  const auto job = [shared = shared_, container,
                    file = std::move(file)](const std::atomic<bool>& leaving) {
    shared->begun(container);
    if (leaving) {
      return;
    }
    setpriority(PRIO_PROCESS, 0, kLowest);  // of this thread alone: setpriority(2), BUGS
    auto digest = shared->digest_of(container, file, leaving);
    if (const auto* why = std::get_if<Unhashed>(&digest)) {
      shared->count(*why);
    } else if (std::string& sha256 = std::get<std::string>(digest); !sha256.empty()) {
      const std::lock_guard lock(shared->mutex);
      shared->hashed.push_back({container, file, std::move(sha256)});
      eventfd_write(shared->event.get(), 1);
    }
  };
  if (!worker_ || !shared_->may_wait(container)) {
    shared_->count(Unhashed::kBusy);
  } else if (!worker_->add(job)) {
    shared_->begun(container);
    shared_->count(Unhashed::kBusy);
  }
}

int Digester::fd() const { return shared_->event.get(); }

std::vector<Hashed> Digester::finished() {
  eventfd_t ignored = 0;
  eventfd_read(shared_->event.get(), &ignored);
  const std::lock_guard lock(shared_->mutex);
  return std::exchange(shared_->hashed, {});
}

Digester::Counts Digester::unhashed() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->unhashed;
}

}  // namespace holdfast::digest
