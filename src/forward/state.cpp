#include "src/forward/state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/core.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/sink/tail.h"

namespace holdfast::forward {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
constexpr std::uint64_t kSaveEveryNs = 1'000'000'000;
constexpr std::size_t kTailBytes = std::size_t{1} << 20;

std::string cursor_path(const std::string& directory, const std::string& sink) {
  return directory + "/" + sink + ".cursor";
}

std::uint64_t number(const json& object, const char* key) {
  const json& found = member(object, key);
  return found.is_number_unsigned() ? found.get<std::uint64_t>() : 0;
}

json to_json(const Counters& counters) {
  return {{"sent", counters.sent},  {"retried", counters.retried}, {"dropped", counters.dropped},
          {"lost", counters.lost},  {"strange", counters.strange}, {"failing", counters.failing},
          {"error", counters.error}};
}

Counters from_json(const json& object) {
  Counters counters;
  counters.sent = number(object, "sent");
  counters.retried = number(object, "retried");
  counters.dropped = number(object, "dropped");
  counters.lost = number(object, "lost");
  counters.strange = number(object, "strange");
  counters.failing = member(object, "failing") == true;
  counters.error = text_at(object, "error");
  return counters;
}

}  // namespace

Result<State> State::open(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return fail_errno("cannot make the directory " + directory, error.value());
  }
  State state(directory);
  state.lock_ = TRY(base::open_file(directory + "/lock", O_RDWR | O_CREAT | O_NOFOLLOW, 0640));
  if (flock(state.lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(fmt::format("another `holdfast forward` works with {}; stop it first", directory));
  }
  state.counters_ = read_counters(directory);
  return state;
}

Cursor State::cursor(const std::string& sink) const {
  const auto found = read_cursor(directory_, sink);
  if (!found.ok()) {
    base::log(base::LogLevel::kError,
              fmt::format("{}: everything that is there is sent again", found.error().message));
  }
  return found.ok() ? found.value() : Cursor{};
}

Status State::save_cursor(const std::string& sink, const Cursor& cursor) const {
  const json object = {{"seq", cursor.seq},
                       {"fingerprint", cursor.fingerprint},
                       {"device", cursor.device},
                       {"inode", cursor.inode},
                       {"offset", cursor.offset}};
  return base::replace_file(cursor_path(directory_, sink), object.dump() + "\n", 0640);
}

Counters State::counters(const std::string& sink) const {
  const std::lock_guard held(*mutex_);
  const auto found = counters_.find(sink);
  return found == counters_.end() ? Counters{} : found->second;
}

void State::update(const std::string& sink, const Counters& counters) {
  const std::uint64_t now_ns = base::boot_now_ns();
  bool due = false;
  {
    const std::lock_guard held(*mutex_);
    counters_[sink] = counters;
    due = now_ns - saved_at_ns_ >= kSaveEveryNs;
    saved_at_ns_ = due ? now_ns : saved_at_ns_;
  }
  if (due) {
    save();
  }
}

void State::save() const {
  const std::lock_guard held(*mutex_);
  json sinks = json::object();
  for (const auto& [name, counters] : counters_) {
    sinks[name] = to_json(counters);
  }
  const json status = {{"sinks", sinks}};
  // Counters that cannot be written are no reason to stop sending.
  (void)base::replace_file(directory_ + "/status.json", status.dump() + "\n", 0644);
}

std::map<std::string, Counters> read_counters(const std::string& directory) {
  std::map<std::string, Counters> found;
  const auto bytes = base::read_file(directory + "/status.json", kMaxBytes);
  const json status = bytes.ok() ? json::parse(bytes.value(), nullptr, false) : json();
  const json& sinks = member(status, "sinks");
  if (sinks.is_object()) {
    for (const auto& [name, counters] : sinks.items()) {
      found[name] = from_json(counters);
    }
  }
  return found;
}

Result<Cursor> read_cursor(const std::string& directory, const std::string& sink) {
  const std::string path = cursor_path(directory, sink);
  if (access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    return Cursor{};
  }
  const std::string bytes = TRY(base::read_file(path, kMaxBytes));
  const json object = TRY(base::parse_json(bytes, path));
  return Cursor{number(object, "seq"), number(object, "fingerprint"), number(object, "device"),
                number(object, "inode"), number(object, "offset")};
}

std::uint64_t lag(const std::string& alerts, const Cursor& cursor) {
  std::uint64_t last = sink::read_tail(sink::end_of_file(alerts, kTailBytes)).last_seq;
  if (last == 0) {
    last = sink::last_rotated(alerts, kTailBytes).last_seq;
  }
  return last > cursor.seq ? last - cursor.seq : 0;
}

}  // namespace holdfast::forward
