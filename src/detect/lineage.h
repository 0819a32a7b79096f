// Which processes of a container were told of as changing its image: a package that is installed is
// one piece of news, not a hundred. Pure.
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "src/detect/alert.h"
#include "src/detect/severity.h"

namespace holdfast::detect {

// For how long what was told stays told.
inline constexpr std::uint64_t kToldForNs = 600ULL * 1'000'000'000;

// Of one container. Times are base::boot_now_ns().
class Lineage {
 public:
  // Whether the alert is more of the same: a change of the image (Alert::changes_image) when for
  // one as bad, within ten minutes, was told of its process, of one above it, or of the same
  // program that the same parent started. Everything descends from `init` (0: not known), so
  // neither what that changes nor what it started covers anybody else. What a process is told for
  // does not cover the one that started it, nor the program that it executes next, nor what a
  // program that is not from the image has started.
  bool covers(const Alert& alert, pid_t init, std::uint64_t now_ns);

  // To be told of everything that processes do, before covers(): what they execute may not be from
  // the image.
  void note(const Alert& alert, std::uint64_t now_ns);

  // The alert is told.
  void told(const Alert& alert, pid_t init, std::uint64_t now_ns);

 private:
  struct Told {
    Severity severity;
    std::uint64_t since_ns;
  };
  // A process while it is one program: see struct hf_ancestor.
  struct Id {
    pid_t pid;
    std::uint64_t start_ns;
    std::uint32_t exec_id;
    auto operator<=>(const Id&) const = default;
  };
  struct Child {
    Id parent;
    std::uint32_t exec_id;  // equal in those that the parent started, not in what they execute next
    std::uint32_t exe_dev;
    std::uint64_t exe_ino;
    auto operator<=>(const Child&) const = default;
  };
  using Ids = std::vector<Id>;

  static Id id_of(const event::Process& process);
  [[nodiscard]] Ids line_of(const event::Process& process, pid_t init) const;
  static std::optional<Child> child_of(const event::Process& process, pid_t init);
  [[nodiscard]] bool is_foreign(const Id& id) const;
  [[nodiscard]] std::optional<Told> find(const event::Process& process, pid_t init,
                                         std::uint64_t now_ns) const;

  std::map<Id, Told> processes_;
  std::map<Child, Told> children_;
  std::map<Id, Told> foreign_;  // that run a program which is not from the image, or did
};

}  // namespace holdfast::detect
