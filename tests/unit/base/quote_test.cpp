#include "src/base/quote.h"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::base {
namespace {

TEST(Shown, IsOneLineOfPlainText) {
  EXPECT_EQ(shown("/etc/ü b"), "/etc/ü b");
  EXPECT_EQ(shown("a\nb\x1b[31m\x7f"), "a?b?[31m?");
  EXPECT_EQ(shown(std::string("a\0b", 3)), "a?b");
  EXPECT_EQ(shown(""), "");
}

TEST(Shown, LeavesOutWhatIsTooLong) {
  EXPECT_EQ(shown(std::string(256, 'a')), std::string(256, 'a'));
  EXPECT_EQ(shown(std::string(257, 'a')), std::string(256, 'a').append("…"));
  EXPECT_EQ(shown(std::string(255, 'a').append("ü")), std::string(255, 'a').append("…"))
      << "no half character";
}

}  // namespace
}  // namespace holdfast::base
