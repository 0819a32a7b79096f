#include "src/profile/user.h"

#include <gtest/gtest.h>

#include "tests/unit/temp_dir.h"

namespace holdfast::profile {
namespace {

TEST(User, IsTheOneOutsideOfTheUserNamespace) {
  EXPECT_EQ(outer_user(base::parse_id_map(
                           "         0       1000          1\n         1     100000      65536\n"),
                       0),
            1000U);
  EXPECT_EQ(outer_user(base::parse_id_map(
                           "         0       1000          1\n         1     100000      65536\n"),
                       7),
            100006U);
  EXPECT_EQ(outer_user(base::parse_id_map("         0          0 4294967295\n"), 0), 0U);
  EXPECT_EQ(outer_user(base::parse_id_map("         0          0 4294967295\n"), 1000), 1000U);
  EXPECT_EQ(outer_user(base::parse_id_map("5 5 1\n"), 7), 7U);
  EXPECT_EQ(outer_user(base::parse_id_map(""), 7), 7U);
}

TEST(User, HasProfilesInItsHome) {
  test::TempDir root;
  root.write("passwd",
             "root:x:0:0:root:/root:/bin/sh\nbad line\nu:x:1000:1000::/home/u/:/bin/sh\n"
             "none:x:1001:1001:::/bin/sh\nslash:x:1002:1002::/:/bin/sh\n");
  const std::string passwd = root.path("passwd");
  EXPECT_EQ(user_profiles_directory(1000, passwd, "/elsewhere"),
            "/home/u/.config/holdfast/profiles.d");
  EXPECT_EQ(user_profiles_directory(1001, passwd, "/elsewhere"),
            "/elsewhere/.config/holdfast/profiles.d");
  EXPECT_EQ(user_profiles_directory(1003, passwd, "/elsewhere"),
            "/elsewhere/.config/holdfast/profiles.d");
  EXPECT_EQ(user_profiles_directory(1001, passwd, nullptr), "");
  EXPECT_EQ(user_profiles_directory(1001, passwd, "not/absolute"), "");
  EXPECT_EQ(user_profiles_directory(1002, passwd, "/elsewhere"), "");
  EXPECT_EQ(user_profiles_directory(1000, "/nonexistent", nullptr), "");
  EXPECT_EQ(user_profiles_directory(0, passwd, "/elsewhere"), "");
}

}  // namespace
}  // namespace holdfast::profile
