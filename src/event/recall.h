// What the kernel's counts of repeats leave out: the texts of the event that was sent before them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <tuple>

#include "src/event/event.h"

namespace holdfast::event {

// Remembers the last kMostRecalled different ones, of kMostTextBytes at most. Pure.
inline constexpr std::size_t kMostRecalled = 2048;
inline constexpr std::size_t kMostTextBytes = HF_EVENT_PATH_MAX + HF_EVENT_EXE_MAX;

class Recall {
 public:
  // Any event: where it renames a directory, paths below it are not known any more.
  void moved(const Event& sent);

  // An event that came whole.
  void note(const Event& sent);

  // Gives a count of repeats (decode_repeat()) the path and the executable of the event it goes on
  // from, and whether that is from the image. One that nobody noted stays as it is, and so does the
  // path where a directory was renamed since.
  void complete(Event& repeat) const;

 private:
  // What says in hf_repeat_key and in an event which object it is, and which program.
  using Key =
      std::tuple<std::uint32_t, std::uint32_t, hf_class, hf_operation, hf_outcome, std::uint32_t,
                 std::uint64_t, std::uint64_t, std::uint32_t, std::uint64_t, std::string>;
  struct Texts {
    std::string path;  // "": its directory was moved meanwhile
    std::string exe;
    std::uint32_t exe_flags = 0;  // HF_EVENT_EXE_TRUNCATED, HF_EVENT_UPPER_LAYER
  };
  static Key key_of(const Event& event);

  std::map<Key, Texts> texts_;
  std::deque<Key> order_;  // of texts_, the oldest first
};

}  // namespace holdfast::event
