#include "src/profile/peer.h"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::profile {
namespace {

std::string shown(const std::string& text) {
  const Result<PeerRule> rule = parse_peer(text);
  if (!rule.ok()) {
    return "error";
  }
  std::string bytes;
  for (const std::uint8_t byte : rule.value().address) {
    bytes += std::string(1, "0123456789abcdef"[byte >> 4]) + "0123456789abcdef"[byte & 15];
  }
  return bytes + "/" + std::to_string(rule.value().prefix_bits) + ":" +
         std::to_string(rule.value().port);
}

TEST(Peer, ReadsAddressesPrefixesAndPorts) {
  EXPECT_EQ(shown("10.1.2.3"), "00000000000000000000ffff0a010203/128:0");
  EXPECT_EQ(shown("10.1.2.3:443"), "00000000000000000000ffff0a010203/128:443");
  EXPECT_EQ(shown("10.1.2.3/8:443"), "00000000000000000000ffff0a000000/104:443");
  EXPECT_EQ(shown("0.0.0.0/0"), "00000000000000000000ffff00000000/96:0");
  EXPECT_EQ(shown("2001:db8::1"), "20010db8000000000000000000000001/128:0");
  EXPECT_EQ(shown("[2001:db8::1]:53"), "20010db8000000000000000000000001/128:53");
  EXPECT_EQ(shown("[2001:db8:ffff::]/32:53"), "20010db8000000000000000000000000/32:53");
  EXPECT_EQ(shown("2001:db8::/33"), "20010db8000000000000000000000000/33:0");
  EXPECT_EQ(shown("*"), "00000000000000000000000000000000/0:0");
  EXPECT_EQ(shown("*:80"), "00000000000000000000000000000000/0:80");
}

TEST(Peer, AnythingElseIsAnError) {
  for (const char* bad : {"", ":80", "*:", "*:0", "*:65536", "*:-1", "10.0.0.0/33", "10.0.0/8",
                          "10.0.0.1:http", "example.org", "[::1", "[::1]/129", "::1/",
                          "10.0.0.1/8/8", "*/8", "::/0", "::/64", " 10.0.0.1"}) {
    EXPECT_EQ(shown(bad), "error") << bad;
  }
}

}  // namespace
}  // namespace holdfast::profile
