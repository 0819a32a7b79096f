#include "src/engine/advice.h"

#include <gtest/gtest.h>

namespace holdfast::engine {
namespace {

bool advises(Engine engine, const Options& options, const std::string& text) {
  const auto sentences = after_install(engine, options, {});
  return sentences.back().find(text) != std::string::npos;
}

TEST(Advice, NamesTheRuntimeOnlyWhereThereIsOne) {
  EXPECT_TRUE(advises(Engine::kCrio, {}, "--runtime holdfast"));
  EXPECT_FALSE(advises(Engine::kCrio, {.with = With::kHook}, "--runtime holdfast"));
  EXPECT_TRUE(advises(Engine::kCrio, {.with = With::kHook}, "io.holdfast.profile"));
  EXPECT_TRUE(advises(Engine::kPodman, {.with = With::kHook}, "--annotation io.holdfast.profile"));
}

TEST(Advice, AsksForNothingWhereEveryContainerIsGuarded) {
  for (const Engine engine : kEngines) {
    EXPECT_FALSE(advises(engine, {.by_default = true}, "holdfast (contrib")) << name_of(engine);
    EXPECT_FALSE(advises(engine, {.by_default = true}, "--runtime")) << name_of(engine);
  }
}

TEST(Advice, OfAUsersPodmanItNamesTheUsersService) {
  const Owner user{"/home/u/.config", "/home/u/.local/state"};
  const std::string theirs = "systemctl --user restart podman";
  EXPECT_NE(after_install(Engine::kPodman, {}, user).front().find(theirs), std::string::npos);
  EXPECT_NE(after_uninstall(Engine::kPodman, user).front().find(theirs), std::string::npos);
  EXPECT_EQ(after_install(Engine::kPodman, {}, {}).front().find("--user"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::engine
