#include "src/event/recall.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

namespace holdfast::event {
namespace {

Event sent(const std::string& path, std::uint64_t inode = 5) {
  Event event;
  event.slot = 1;
  event.class_id = HF_ROOTFS_WRITE;
  event.operation = HF_OP_OPEN;
  event.object_ino = inode;
  event.parent_ino = 3;
  event.exe_ino = 7;
  event.path = path;
  event.exe = "/usr/bin/postgres";
  return event;
}

// As decode_repeat() makes it of the same thing.
Event counted(Event event) {
  event.path = event.path.substr(event.path.rfind('/'));
  event.flags |= HF_EVENT_TRUNCATED;
  event.exe.clear();
  event.count = 3;
  return event;
}

TEST(Recall, ACountHasThePathAndTheProgramOfTheEventBeforeIt) {
  Recall recall;
  recall.note(sent("/var/lib/postgresql/data/base/1/2605"));
  Event repeat = counted(sent("/var/lib/postgresql/data/base/1/2605"));
  recall.complete(repeat);
  EXPECT_EQ(repeat.path, "/var/lib/postgresql/data/base/1/2605");
  EXPECT_EQ(repeat.exe, "/usr/bin/postgres");
  EXPECT_EQ(repeat.flags & HF_EVENT_TRUNCATED, 0U);
  EXPECT_EQ(repeat.count, 3U);
}

TEST(Recall, WhatDiffersIsNotTheSame) {
  Recall recall;
  recall.note(sent("/srv/x"));
  Event other = counted(sent("/srv/x"));
  for (const auto change :
       {+[](Event& e) { e.slot = 2; }, +[](Event& e) { e.generation = 2; },
        +[](Event& e) { e.class_id = HF_ROOTFS_CREATE; },
        +[](Event& e) { e.operation = HF_OP_TRUNCATE; },
        +[](Event& e) { e.outcome = HF_OUTCOME_DENIED; }, +[](Event& e) { e.object_ino = 6; },
        +[](Event& e) { e.object_dev = 6; }, +[](Event& e) { e.parent_ino = 4; },
        +[](Event& e) { e.exe_ino = 8; }, +[](Event& e) { e.exe_dev = 8; },
        +[](Event& e) { e.path = "/y"; }}) {
    Event repeat = other;
    change(repeat);
    const std::string path = repeat.path;
    recall.complete(repeat);
    EXPECT_EQ(repeat.path, path);
    EXPECT_TRUE(repeat.exe.empty());
  }
}

TEST(Recall, ADirectoryThatWasMovedLeavesTheName) {
  Recall recall;
  recall.note(sent("/tmp/x", 0));
  recall.note(sent("/usr/bin/x", 0));
  Event repeat = counted(sent("/usr/bin/x", 0));
  recall.complete(repeat);
  EXPECT_EQ(repeat.path, "/x");
  EXPECT_NE(repeat.flags & HF_EVENT_TRUNCATED, 0U);
  EXPECT_EQ(repeat.exe, "/usr/bin/postgres") << "the program is the same in both";
}

TEST(Recall, ANameInTwoDirectoriesIsTwoObjects) {
  Recall recall;
  recall.note(sent("/tmp/x", 0));
  Event other = sent("/usr/bin/x", 0);
  other.parent_ino = 4;
  recall.note(other);
  Event repeat = counted(other);
  recall.complete(repeat);
  EXPECT_EQ(repeat.path, "/usr/bin/x");
}

TEST(Recall, ADirectoryThatWasRenamedMayHaveHeldIt) {
  Recall recall;
  recall.note(sent("/var/lib/d/x"));
  Event rename = sent("/etc/d", 9);
  rename.operation = HF_OP_RENAME;
  rename.object_mode = S_IFREG | 0644;
  recall.moved(rename);
  Event repeat = counted(sent("/var/lib/d/x"));
  recall.complete(repeat);
  EXPECT_EQ(repeat.path, "/var/lib/d/x") << "a file holds nothing";
  rename.object_mode = S_IFDIR | 0755;
  recall.moved(rename);
  repeat = counted(sent("/var/lib/d/x"));
  recall.complete(repeat);
  EXPECT_EQ(repeat.path, "/x");
  EXPECT_EQ(repeat.exe, "/usr/bin/postgres");
}

TEST(Recall, ANameThatIsWholeStaysAsItIs) {
  Recall recall;
  recall.note(sent("/dev/log", 0));
  Event repeat = counted(sent("/run/log", 0));
  repeat.path = "/run/log";
  repeat.flags &= ~static_cast<std::uint32_t>(HF_EVENT_TRUNCATED);
  recall.complete(repeat);
  EXPECT_EQ(repeat.path, "/run/log");
}

TEST(Recall, ACountKnowsThatItsProgramIsNotFromTheImage) {
  Recall recall;
  Event implant = sent("/etc/a");
  implant.flags |= HF_EVENT_UPPER_LAYER;
  recall.note(implant);
  Event repeat = counted(sent("/etc/a"));
  recall.complete(repeat);
  EXPECT_NE(repeat.flags & HF_EVENT_UPPER_LAYER, 0U);
}

TEST(Recall, ATruncatedPathTeachesNothing) {
  Recall recall;
  Event beheaded = sent("/x");
  beheaded.flags |= HF_EVENT_TRUNCATED;
  recall.note(beheaded);
  Event repeat = counted(beheaded);
  recall.complete(repeat);
  EXPECT_TRUE(repeat.exe.empty());
}

TEST(Recall, ATruncatedPathOfTheSameNameMayBeAnother) {
  Recall recall;
  recall.note(sent("/tmp/x", 0));
  Event beheaded = sent("/very/long/x", 0);
  beheaded.flags |= HF_EVENT_TRUNCATED;
  recall.note(beheaded);
  Event repeat = counted(sent("/tmp/x", 0));
  recall.complete(repeat);
  EXPECT_EQ(repeat.path, "/x");
}

TEST(Recall, ForgetsTheOldest) {
  Recall recall;
  for (std::uint64_t inode = 1; inode <= kMostRecalled + 1; ++inode) {
    recall.note(sent("/srv/x", inode));
  }
  Event oldest = counted(sent("/srv/x", 1));
  Event second = counted(sent("/srv/x", 2));
  recall.complete(oldest);
  recall.complete(second);
  EXPECT_EQ(oldest.path, "/x");
  EXPECT_EQ(second.path, "/srv/x");
}

}  // namespace
}  // namespace holdfast::event
