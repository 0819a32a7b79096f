#include "src/profile/peer.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <string_view>

#include <fmt/core.h>

#include "src/base/quote.h"

namespace holdfast::profile {
namespace {

constexpr unsigned kMaxPort = 65535;
constexpr unsigned kBitsBeforeIpv4 = 96;  // of ::ffff:0:0/96

Error wrong(const std::string& text) {
  return fail(
      fmt::format("\"{}\" is no address; write ADDRESS[/BITS][:PORT] in numbers, such as "
                  "\"10.0.0.0/8:443\", \"[2001:db8::]/32:53\" or \"*:443\"",
                  base::shown(text)));
}

std::optional<unsigned> number(std::string_view text, unsigned max) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && value <= max ? std::optional(value) : std::nullopt;
}

// Takes what follows the last `mark` off `text`; none when there is no mark.
std::optional<std::string> take_after(std::string& text, char mark) {
  const std::size_t at = text.rfind(mark);
  if (at == std::string::npos) {
    return std::nullopt;
  }
  std::string rest = text.substr(at + 1);
  text.resize(at);
  return rest;
}

// A port follows a colon that belongs to no IPv6 address: the only one, or one after a bracket.
std::optional<std::string> take_port(std::string& text) {
  const bool bracketed = text.find(']') != std::string::npos;
  const bool one = std::ranges::count(text, ':') == 1;
  if (bracketed ? text.rfind(':') < text.rfind(']') : !one) {
    return std::nullopt;
  }
  return take_after(text, ':');
}

// Writes the address as IPv6; its bits before the part that a prefix length counts, none when it is
// no address.
std::optional<unsigned> read_address(std::string text, std::array<std::uint8_t, 16>& address) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) {
    return 0U;
  }
  if (inet_pton(AF_INET, text.c_str(), &address[12]) == 1) {
    address[10] = address[11] = 0xff;
    return kBitsBeforeIpv4;
  }
  return std::nullopt;
}

// The kernel compares only the first bits, but two spellings of one network should be one key.
void clear_after(std::array<std::uint8_t, 16>& address, unsigned bits) {
  for (unsigned i = bits; i < 128; ++i) {
    address.at(i / 8) = static_cast<std::uint8_t>(address.at(i / 8) & ~(0x80U >> (i % 8)));
  }
}

// Whether an IPv6 prefix reaches over ::ffff:0:0/96, in which IPv4 addresses are written.
bool covers_ipv4(const PeerRule& rule) {
  constexpr std::size_t kFirstOnes = 10;  // byte of ::ffff:0:0
  const auto head = std::span(rule.address).first(kFirstOnes);
  return rule.prefix_bits <= 8 * kFirstOnes &&
         std::ranges::all_of(head, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

Result<PeerRule> parse_peer(const std::string& text) {
  PeerRule rule;
  std::string rest = text;
  if (const auto port = take_port(rest)) {
    const auto value = number(*port, kMaxPort);
    if (!value || *value == 0) {
      return wrong(text);
    }
    rule.port = static_cast<std::uint16_t>(*value);
  }
  if (rest == "*") {
    return rule;
  }
  const auto length = take_after(rest, '/');
  const auto before = read_address(rest, rule.address);
  if (!before) {
    return wrong(text);
  }
  const auto bits = length ? number(*length, 128 - *before) : std::optional(128 - *before);
  if (!bits) {
    return wrong(text);
  }
  rule.prefix_bits = static_cast<std::uint8_t>(*before + *bits);
  if (covers_ipv4(rule)) {
    return fail(fmt::format("\"{}\" is every IPv4 address as well; write \"*\" for all", text));
  }
  clear_after(rule.address, rule.prefix_bits);
  return rule;
}

}  // namespace holdfast::profile
