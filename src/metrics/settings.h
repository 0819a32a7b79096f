// What holdfast.json says about metrics: its member "metrics", beside what names the monitor and
// the sinks. It is read here and not in profile::parse_config(): a mistake in it must not keep a
// container from starting.
#pragma once

#include <string>
#include <string_view>

#include "src/base/result.h"
#include "src/forward/settings.h"

namespace holdfast::metrics {

struct Settings {
  std::string listen;         // ADDRESS:PORT; "": the endpoint is off
  std::string socket;         // of the monitor
  forward::Settings forward;  // alert file, and the sinks with what is kept of them
};

// Of a whole holdfast.json; what else is in it must be right as well. `what` names it in messages.
Result<Settings> parse_settings(std::string_view bytes, const std::string& what);
// Of a file; without it, what holds by default.
Result<Settings> load_settings(const std::string& path);

// Fails, with the remedy, for what is not 127.0.0.0/8 with a port: there is neither TLS nor a
// password, and the library, as Debian builds it, has neither IPv6 nor unix sockets.
Status check_listen(const std::string& listen);

}  // namespace holdfast::metrics
