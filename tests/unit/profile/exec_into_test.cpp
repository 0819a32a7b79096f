#include "src/profile/exec_into.h"

#include <gtest/gtest.h>

namespace holdfast::profile {
namespace {

const ExecInto kRule{HF_DENY, {"/usr/bin/healthcheck", "/opt/tools"}};

TEST(ExecInto, SaysNothingWhereItIsOff) {
  EXPECT_EQ(judge_exec({HF_OFF, {"/bin/sh"}}, "/bin/sh"), HF_OFF);
  EXPECT_EQ(judge_exec({}, ""), HF_OFF);
}

TEST(ExecInto, RecordsListedProgramsAndWhatIsBelowListedDirectories) {
  EXPECT_EQ(judge_exec(kRule, "/usr/bin/healthcheck"), HF_RECORD);
  EXPECT_EQ(judge_exec(kRule, "/usr/bin//./healthcheck"), HF_RECORD);
  EXPECT_EQ(judge_exec(kRule, "/opt/tools/a/b"), HF_RECORD);
}

TEST(ExecInto, TreatsOthersAsTheRuleSays) {
  for (const char* program : {"/bin/sh", "/usr/bin/healthcheck2", "/opt/tools/../../bin/sh",
                              "healthcheck", "./healthcheck", ""}) {
    EXPECT_EQ(judge_exec(kRule, program), HF_DENY) << program;
    EXPECT_EQ(judge_exec({HF_ALERT, {}}, program), HF_ALERT) << program;
  }
}

TEST(ExecInto, RefusesWithWhatIsAllowed) {
  EXPECT_EQ(exec_refusal(kRule, "/bin/sh"),
            "its profile does not let \"/bin/sh\" be started in it by exec; exec_into.allow lists "
            "/usr/bin/healthcheck, /opt/tools");
  EXPECT_EQ(exec_refusal({HF_DENY, {}}, ""),
            "its profile does not let a program that cannot be told be started in it by exec; "
            "exec_into.allow lists nothing");
}

}  // namespace
}  // namespace holdfast::profile
