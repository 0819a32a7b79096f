// Judges an event: how bad it is, what it is called elsewhere, and the sentence that says so. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/detect/alert.h"
#include "src/event/event.h"
#include "src/event/process.h"
#include "src/profile/admit.h"

namespace holdfast::detect {

// What surrounds an event. What is viewed outlives the alerts that are made of it.
struct Context {
  ContainerRef container;    // nullptr: not known (any more)
  std::string_view backend;  // "lsm", "modify-return", "tracepoint"
  std::string_view host;
  std::int64_t boot_to_real_ns = 0;  // base::boot_to_real_ns()
};

// What every alert has: when it was, where, and of which container. `time_ns`: as of
// base::boot_now_ns().
Alert begin_alert(std::uint64_t time_ns, const Context& context);

// The same of a record that no event is behind.
Alert begin_record(const char* class_name, Severity severity, std::uint64_t time_ns,
                   const Context& context);

// Takes the texts out of both.
Alert detect(event::Event&& event, event::Process&& process, const Context& context);

// "container web"; of one that is not known, its slot.
std::string owner(std::uint32_t slot, const Container* container);

// What could not be told. `kUnreadable` is a record of a ring that no monitor of this version made,
// `kFormerVersion` what waited in the rings of another one when it was replaced.
struct Loss {
  enum class Cause {
    kAlertsFull,
    kRecordsFull,
    kNoBuffer,
    kNoStorage,
    kUnreadable,
    kFormerVersion,
    kFileFull
  };
  Cause cause = Cause::kAlertsFull;
  std::uint32_t slot = 0;  // 0: of no container that is known
  std::uint64_t count = 1;
  std::uint64_t time_ns = 0;  // base::boot_now_ns()
};

inline constexpr std::array kLossCauses = {Loss::Cause::kAlertsFull, Loss::Cause::kRecordsFull,
                                           Loss::Cause::kNoBuffer,   Loss::Cause::kNoStorage,
                                           Loss::Cause::kUnreadable, Loss::Cause::kFormerVersion,
                                           Loss::Cause::kFileFull};
const char* cause_name(Loss::Cause cause);  // "alerts-full"

// The alert of class "monitor.lost" about `loss`.
Alert lost_alert(const Loss& loss, const Context& context);

// The alert of class "admit.WHAT", such as "admit.host-namespaces", about something that the
// container's config.json asks for.
Alert admission_alert(const profile::Admission& admission, std::uint64_t time_ns,
                      const Context& context);

inline constexpr const char* kEnteringClass = "exec.into";

// A program that `exec` of a runtime is about to start in a container.
struct Entering {
  std::vector<std::string> argv;  // secrets redacted; none where it cannot be told
  std::string user;               // as Object::user
  int action = HF_RECORD;         // enum hf_action up to HF_DENY: what the profile makes of it
};

// The record or alert of class "exec.into" about it; `asker` is the runtime's process.
Alert entering_alert(const Entering& entering, event::Process asker, std::uint64_t time_ns,
                     const Context& context);

// The record of class "monitor.reload": the container has the policy that its profile makes now,
// which `by` asked for.
Alert reload_alert(const Asker& by, std::uint64_t time_ns, const Context& context);

}  // namespace holdfast::detect
