#include "src/respond/answered.h"

#include <gtest/gtest.h>

namespace holdfast::respond {
namespace {

using profile::Response;

TEST(Answered, AContainerIsAnsweredOnceForEachResponse) {
  Answered answered;
  EXPECT_TRUE(answered.first(7, Response::kFreeze, {}));
  EXPECT_FALSE(answered.first(7, Response::kFreeze, {}));
  EXPECT_TRUE(answered.first(7, Response::kIsolate, {}));
  EXPECT_TRUE(answered.first(8, Response::kFreeze, {}));
}

TEST(Answered, EachProcessIsKilledOnce) {
  Answered answered;
  EXPECT_TRUE(answered.first(7, Response::kKillProcess, {100, 5}));
  EXPECT_FALSE(answered.first(7, Response::kKillProcess, {100, 5}));
  EXPECT_TRUE(answered.first(7, Response::kKillProcess, {100, 6})) << "its pid, again";
  EXPECT_TRUE(answered.first(7, Response::kKillProcess, {101, 5}));
}

TEST(Answered, WhatWasUndoneIsDoneAgain) {
  Answered answered;
  answered.first(7, Response::kFreeze, {});
  answered.forget(7, Response::kFreeze);
  EXPECT_TRUE(answered.first(7, Response::kFreeze, {}));
}

TEST(Answered, ContainersThatHaveGoneAreForgotten) {
  Answered answered;
  answered.first(7, Response::kFreeze, {});
  answered.first(8, Response::kFreeze, {});
  answered.keep_only({8});
  EXPECT_TRUE(answered.first(7, Response::kFreeze, {}));
  EXPECT_FALSE(answered.first(8, Response::kFreeze, {}));
}

TEST(Answered, ForgetsAllOfAContainerWhoseProfileChanged) {
  Answered answered;
  EXPECT_TRUE(answered.first(1, profile::Response::kFreeze, {}));
  EXPECT_TRUE(answered.first(2, profile::Response::kFreeze, {}));
  answered.forget_all(1);
  EXPECT_TRUE(answered.first(1, profile::Response::kFreeze, {}));
  EXPECT_FALSE(answered.first(2, profile::Response::kFreeze, {}));
}

}  // namespace
}  // namespace holdfast::respond
