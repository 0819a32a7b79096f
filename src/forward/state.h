// What is kept from one run to the next: a cursor and counters for each sink.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include <nlohmann/json.hpp>

#include "src/base/result.h"
#include "src/base/unique_fd.h"
#include "src/forward/line.h"

namespace holdfast::forward {

// Since the state directory was made.
struct Counters {
  std::uint64_t sent = 0;     // lines that the other end has taken
  std::uint64_t retried = 0;  // tries that failed and were made again
  std::uint64_t dropped = 0;  // lines that the other end refused for good
  std::uint64_t lost = 0;     // lines that were rotated away before they could be sent
  std::uint64_t strange = 0;  // lines of the file that are no alerts
  bool failing = false;       // the last try failed
  std::string error;          // what the last failure was
};

// Files of the state directory: NAME.cursor, status.json, lock. Used by all threads.
class State {
 public:
  // Makes the directory (0750) and holds it alone: two forwarders would send everything twice.
  static Result<State> open(const std::string& directory);

  // Where the sink goes on; from the beginning where there is none or it cannot be read, which is
  // logged.
  [[nodiscard]] Cursor cursor(const std::string& sink) const;
  Status save_cursor(const std::string& sink, const Cursor& cursor) const;

  // Counters are written when save() is called and at most once in a while by update().
  [[nodiscard]] Counters counters(const std::string& sink) const;
  void update(const std::string& sink, const Counters& counters);
  void save() const;

 private:
  explicit State(std::string directory) : directory_(std::move(directory)) {}

  std::string directory_;
  base::UniqueFd lock_;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
  std::map<std::string, Counters> counters_;
  std::uint64_t saved_at_ns_ = 0;
};

// Readers of the directory of a forwarder that runs or ran.
std::map<std::string, Counters> read_counters(const std::string& directory);
Result<Cursor> read_cursor(const std::string& directory, const std::string& sink);

// How many lines of the file at `alerts` are behind `cursor`.
std::uint64_t lag(const std::string& alerts, const Cursor& cursor);

}  // namespace holdfast::forward
