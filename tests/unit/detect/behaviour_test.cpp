#include "src/detect/behaviour.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace holdfast::detect {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

Alert reached(std::uint64_t inode, const std::string& container = "a") {
  Alert alert;
  alert.kind = "record";
  alert.class_name = "file.sensitive";
  alert.severity = Severity::kNotice;
  alert.message = "It happened.";
  alert.container = std::make_shared<const Container>(Container{container, "", "", "", "", "", {}});
  alert.object.emplace();
  alert.object->path = "/etc/" + std::to_string(inode);
  alert.object->device = "0:5";
  alert.object->inode = inode;
  return alert;
}

Alert judged(Behaviour& behaviour, Alert alert, std::uint64_t now_ns = kSecond) {
  behaviour.judge(alert, now_ns);
  return alert;
}

TEST(Behaviour, TheFifthDifferentFileWithinAMinuteIsAnError) {
  Behaviour behaviour;
  for (std::uint64_t inode = 1; inode < kManyFiles; ++inode) {
    const Alert alert = judged(behaviour, reached(inode));
    EXPECT_EQ(alert.kind, "record");
    EXPECT_EQ(alert.severity, Severity::kNotice);
  }
  const Alert fifth = judged(behaviour, reached(kManyFiles));
  EXPECT_EQ(fifth.kind, "alert");
  EXPECT_EQ(fifth.severity, Severity::kError);
  EXPECT_EQ(fifth.message, "It happened. It is one of 5 such files within a minute.");
  Alert grave = reached(kManyFiles + 1);
  grave.severity = Severity::kAlert;
  EXPECT_EQ(judged(behaviour, grave).severity, Severity::kAlert);
}

TEST(Behaviour, OneFileIsOneByAllOfItsNames) {
  Behaviour behaviour;
  for (int i = 0; i < 20; ++i) {
    Alert alert = reached(1);
    alert.object->path = "/name/" + std::to_string(i);
    EXPECT_EQ(judged(behaviour, alert).kind, "record");
  }
}

TEST(Behaviour, WhatIsLongAgoIsAnotherStory) {
  Behaviour behaviour;
  for (std::uint64_t inode = 1; inode <= 20; ++inode) {
    EXPECT_EQ(judged(behaviour, reached(inode), inode * kManyFilesNs / 4).kind, "record");
  }
}

TEST(Behaviour, NeitherOtherContainersNorExceptionsNorOtherClassesCount) {
  Behaviour behaviour;
  for (std::uint64_t inode = 1; inode <= 20; ++inode) {
    EXPECT_EQ(judged(behaviour, reached(inode, std::to_string(inode))).kind, "record");
    Alert ordinary = reached(inode);
    ordinary.exception = "it is its key";
    EXPECT_EQ(judged(behaviour, ordinary).kind, "record");
    Alert other = reached(inode);
    other.class_name = "rootfs.write";
    EXPECT_EQ(judged(behaviour, other).kind, "record");
  }
}

TEST(Behaviour, ForgetsContainersThatHaveEnded) {
  Behaviour behaviour;
  for (std::uint64_t inode = 1; inode < kManyFiles; ++inode) {
    judged(behaviour, reached(inode));
  }
  behaviour.forget([](const std::string& id) { return id == "a"; });
  EXPECT_EQ(judged(behaviour, reached(kManyFiles)).kind, "record");
}

}  // namespace
}  // namespace holdfast::detect
