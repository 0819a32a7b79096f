#include "src/metrics/settings.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/core.h>

#include "src/base/file.h"
#include "src/base/json.h"
#include "src/base/quote.h"
#include "src/profile/config.h"

namespace holdfast::metrics {

namespace {

constexpr const char* kRemedy =
    "give an address of this host's loopback, such as 127.0.0.1:9465, and put a reverse proxy with "
    "TLS and a password before it for others";

bool is_port(const std::string& text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && text.size() <= 5 && text.front() != '0' &&
         std::all_of(text.begin(), text.end(), is_digit) && std::stoi(text) <= 65535;
}

bool is_loopback(const std::string& host) {
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 &&
         ntohl(address.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
}

Error refused(const std::string& listen, const char* why) {
  return fail(fmt::format("cannot listen at \"{}\": {}; {}", base::shown(listen), why, kRemedy));
}

}  // namespace

Status check_listen(const std::string& listen) {
  if (listen.starts_with("unix:") || listen.starts_with("/")) {
    return refused(listen, "the HTTP library that holdfast is built with has no unix sockets");
  }
  if (listen.starts_with("[")) {
    return refused(listen, "the HTTP library that holdfast is built with has no IPv6");
  }
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos || !is_port(listen.substr(colon + 1))) {
    return refused(listen, "that is no address with a port of 1 to 65535");
  }
  return is_loopback(listen.substr(0, colon))
             ? Status(Ok{})
             : refused(listen, "metrics are served in the clear, to whoever connects");
}

Result<Settings> parse_settings(std::string_view bytes, const std::string& what) {
  Settings settings;
  settings.socket = TRY(profile::parse_config(bytes, what)).monitor.socket;
  settings.forward = TRY(forward::parse_settings(bytes, what));
  const nlohmann::json document = TRY(base::parse_json(bytes, what, profile::kConfigLimits));
  const base::JsonView view(document, what, base::JsonView::Null::kIsError);
  const auto member = view.find("metrics");
  if (!member) {
    return settings;
  }
  TRY(member->only_keys({"listen"}));
  settings.listen = TRY(member->need_string("listen", "say where, such as 127.0.0.1:9465"));
  const Status checked = check_listen(settings.listen);
  return checked.ok() ? Result<Settings>(std::move(settings))
                      : member->error_at("listen", checked.error().message);
}

Result<Settings> load_settings(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    return parse_settings("{}", path);
  }
  const std::string bytes = TRY(base::read_file(path, profile::kConfigLimits.max_bytes));
  return parse_settings(bytes, path);
}

}  // namespace holdfast::metrics
