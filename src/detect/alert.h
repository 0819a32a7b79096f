// What is told: an event with everything a reader needs to understand it without us.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/detect/severity.h"
#include "src/event/process.h"

namespace holdfast::detect {

// The container as it was known at creation.
struct Container {
  std::string id;
  std::string name;
  std::string image;
  std::string profile;
  std::string engine;
  std::string bundle;
  std::map<std::string, std::string> annotations;
  std::uint32_t user = 0;  // the ordinary user who registered it; 0: root
  std::string key{};       // of a user's: among containers of all users; "": the id
  std::string account{};   // of a user's: by what noise is counted, of all together; "": the id

  // Users choose ids, and as many as they like: what is kept of one container must not be
  // another's, and what a user may say is said by all of the user's containers together.
  [[nodiscard]] const std::string& unique() const { return key.empty() ? id : key; }
  [[nodiscard]] const std::string& payer() const { return account.empty() ? id : account; }
};

// Shared, for every alert has it and most containers make many.
using ContainerRef = std::shared_ptr<const Container>;

// What was acted upon. Empty and zero members are not told. Views are of constants.
struct Object {
  std::string_view operation;
  std::string path;
  bool path_truncated = false;   // it lost its beginning
  bool path_as_spelled = false;  // as the process wrote it, not as the kernel resolved it
  std::string_view type;
  std::string mode;             // octal, of the object
  std::string device;           // "8:1", of its superblock
  std::string node;             // "8:0", of a device node
  std::string_view filesystem;  // type of its superblock
  std::uint64_t inode = 0;
  std::string syscall;
  std::vector<std::string> flags;         // CLONE_NEW…, MS_…
  std::vector<std::string> capabilities;  // beyond the bounding set
  std::uint64_t target_pid = 0;           // of the process traced, moved or signalled
  std::string address;                    // numeric, of the peer or the port's own
  std::uint16_t port = 0;
  std::string protocol;           // "tcp", "udp", …; the number where it has no name here
  std::vector<std::string> argv;  // of a program that is to be started, secrets redacted
  std::string user;               // and as whom: "UID" or "UID:GID" in the container
  std::string sha256;             // of the file, hexadecimal
  std::string result;             // name of the errno the process got, where it is known
};

// Where in the kernel a line comes from. Of two lines with the same origin one is too many.
struct Origin {
  std::string queue;        // "alerts", "records", "repeats", "losses", "former",
                            // "registrations", "requests", "responses", "digests" or "noise"
  std::uint64_t epoch = 0;  // of the kernel's maps: positions of another epoch say nothing
  std::uint64_t position = 0;
  auto operator<=>(const Origin&) const = default;
};

// Who wants a response: a person at a terminal, or a profile because of an alert.
struct Asker {
  std::uint32_t pid = 0;  // of the peer; 0: nobody asked
  std::uint32_t uid = 0;
  std::string profile;
  std::string class_name;  // of the alert
  Severity severity = Severity::kNotice;
};

// What was done about a container, beyond telling.
struct Response {
  enum class Result { kDone, kFailed, kWithheld };
  std::string name;  // "freeze"
  Result result = Result::kDone;
  Asker by;
  std::uint32_t target_pid = 0;  // of the process that was killed
  std::string failure;           // a sentence
  std::string incident;          // directory of the evidence
  std::string incident_failure;  // why there is none
};

// Views are of constants, such as the table of rules, but for those of Context.
struct Alert {
  std::int64_t time_ns = 0;  // since 1970
  std::string_view kind;     // "alert" or "record"
  std::string class_name;
  Severity severity = Severity::kNotice;
  std::string_view action;  // what happened: "alerted", "denied", "killed"; of a response: "done",
                            // "failed", "withheld"
  std::uint64_t count = 1;
  bool changes_image = false;  // and may be one step of many: not told
  std::string_view cause;      // of a loss
  std::string message;
  std::string exception;   // why the profile calls this ordinary; of a record that was an alert
  std::string held_back;   // why it is a record: of an alert beyond its container's budget
  ContainerRef container;  // nullptr: none that is known
  std::optional<event::Process> process;
  std::optional<Object> object;
  std::optional<Response> response;
  std::array<std::string_view, 2> mitre;  // "" is none
  std::string_view falco;
  std::string_view tracee;
  std::string_view backend;
  std::string_view host;
  Origin origin;
};

}  // namespace holdfast::detect
