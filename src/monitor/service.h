// The service manager that started us, if one did: told how we are, and the socket it holds for us.
//
// Written out rather than linked: libsystemd would bring compressors and ciphers into a program
// that runs as root and needs none of them (that is how CVE-2024-3094 reached sshd); sd_notify(3)
// calls the protocol stable and shows it for this reason.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "src/base/result.h"
#include "src/base/unique_fd.h"

namespace holdfast::monitor {

class Service {
 public:
  // What the environment says (NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID, LISTEN_FDS, LISTEN_PID);
  // takes it out of there. Without a service manager all of it does nothing. Fails when something
  // else is passed to us than one listening SOCK_SEQPACKET unix socket.
  static Result<Service> from_environment();

  // The socket that was passed to us, now the caller's; none where there is none. Fails where it
  // has another name than `path`.
  Result<base::UniqueFd> take_socket(const std::string& path);

  void ready();
  void reloading() const;
  void stopping() const;

  // When alive() is due, half a watchdog's time after the last; base::boot_now_ns().
  [[nodiscard]] std::optional<std::uint64_t> deadline_ns() const;
  // Says so when it is due.
  void alive(std::uint64_t now_ns);

 private:
  void tell(std::string_view state, bool patiently = true) const;

  std::string address_;  // "": nobody listens; of an abstract one it begins with @
  base::UniqueFd socket_;
  std::uint64_t every_ns_ = 0;  // 0: no watchdog
  std::uint64_t due_ns_ = 0;
};

}  // namespace holdfast::monitor
