#include "src/event/decode.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "src/event/text.h"

namespace holdfast::event {
namespace {

constexpr std::size_t kHeader = offsetof(hf_event, text);

hf_event plain(const std::string& path = "/etc/passwd", const std::string& exe = "/bin/busybox",
               const std::string& args = std::string("sh\0-c\0id\0", 9)) {
  hf_event raw;
  std::memset(&raw, 0, sizeof(raw));
  raw.class_id = HF_ROOTFS_WRITE;
  raw.operation = HF_OP_OPEN;
  raw.outcome = HF_OUTCOME_DENIED;
  raw.tgid = 42;
  raw.count = 1;
  raw.path_len = static_cast<__u16>(path.size());
  raw.exe_len = static_cast<__u16>(exe.size());
  raw.args_len = static_cast<__u16>(args.size());
  std::memcpy(raw.comm, "busybox", 8);
  std::memcpy(raw.text, path.data(), path.size());
  std::memcpy(raw.text + path.size(), exe.data(), exe.size());
  std::memcpy(raw.text + path.size() + exe.size(), args.data(), args.size());
  return raw;
}

std::size_t length(const hf_event& raw) {
  return kHeader + raw.path_len + raw.exe_len + raw.args_len;
}

// A copy of exactly the record, so that the address sanitizer sees a read behind it.
Result<Event> decode_exactly(const hf_event& raw, std::size_t size) {
  std::vector<char> bytes(size);
  std::memcpy(bytes.data(), &raw, std::min(size, sizeof(raw)));
  return decode(bytes.data(), bytes.size());
}

TEST(Decode, ReadsARecord) {
  const hf_event raw = plain();
  const auto event = decode_exactly(raw, length(raw));
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event.value().path, "/etc/passwd");
  EXPECT_EQ(event.value().exe, "/bin/busybox");
  EXPECT_EQ(event.value().argv, (std::vector<std::string>{"sh", "-c", "id"}));
  EXPECT_EQ(event.value().comm, "busybox");
  EXPECT_EQ(event.value().tgid, 42U);
  EXPECT_EQ(event.value().class_id, HF_ROOTFS_WRITE);
  EXPECT_STREQ(operation_name(event.value().operation), "open");
}

TEST(Decode, TakesTheLongestTextsThereAre) {
  const hf_event raw =
      plain(std::string(HF_EVENT_PATH_MAX, 'p'), std::string(HF_EVENT_EXE_MAX, 'e'),
            std::string(HF_EVENT_ARGS_MAX, 'a'));
  const auto event = decode_exactly(raw, length(raw));
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event.value().path.size(), std::size_t{HF_EVENT_PATH_MAX});
  EXPECT_EQ(event.value().exe, std::string(HF_EVENT_EXE_MAX, 'e'));
  EXPECT_EQ(event.value().argv, std::vector<std::string>{std::string(HF_EVENT_ARGS_MAX, 'a')});
}

TEST(Decode, KeepsTheBeginningOfAnArgumentThatWasCut) {
  const hf_event raw = plain("/p", "/e", std::string("sh\0-c\0ec", 8));
  const auto event = decode_exactly(raw, length(raw));
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event.value().argv, (std::vector<std::string>{"sh", "-c", "ec"}));
}

TEST(Decode, TakesARecordThatTheRingPadded) {
  const hf_event raw = plain();
  EXPECT_TRUE(decode_exactly(raw, sizeof(raw)).ok());
}

TEST(Decode, NeedsNoTerminatorInTheCommandName) {
  hf_event raw = plain();
  std::memset(raw.comm, 'c', sizeof(raw.comm));
  EXPECT_EQ(decode_exactly(raw, length(raw)).value().comm, std::string(HF_COMM_MAX, 'c'));
}

TEST(Decode, RefusesEveryRecordThatIsTooShort) {
  const hf_event raw = plain();
  for (std::size_t size = 0; size < length(raw); ++size) {
    EXPECT_FALSE(decode_exactly(raw, size).ok()) << size;
  }
}

TEST(Decode, RefusesWhatTheAbiDoesNotHave) {
  const std::vector<std::pair<const char*, std::function<void(hf_event&)>>> broken = {
      {"no class", [](hf_event& raw) { raw.class_id = HF_CLASS_NONE; }},
      {"class", [](hf_event& raw) { raw.class_id = HF_CLASS_COUNT; }},
      {"large class", [](hf_event& raw) { raw.class_id = 0xffffffff; }},
      {"operation", [](hf_event& raw) { raw.operation = HF_OP_COUNT; }},
      {"count", [](hf_event& raw) { raw.count = 0; }},
      {"outcome", [](hf_event& raw) { raw.outcome = HF_OUTCOME_REFUSED + 1; }},
      {"path", [](hf_event& raw) { raw.path_len = HF_EVENT_PATH_MAX + 1; }},
      {"longest path", [](hf_event& raw) { raw.path_len = 0xffff; }},
      {"exe", [](hf_event& raw) { raw.exe_len = HF_EVENT_EXE_MAX + 1; }},
      {"arguments", [](hf_event& raw) { raw.args_len = HF_EVENT_ARGS_MAX + 1; }},
  };
  for (const auto& [name, spoil] : broken) {
    hf_event raw = plain();
    spoil(raw);
    EXPECT_FALSE(decode_exactly(raw, sizeof(raw)).ok()) << name;
  }
}

TEST(Decode, OfARepeatKnowsWhoBeganAndTheNameOfTheObject) {
  hf_repeat repeat{};
  repeat.since_ns = 5;
  repeat.tgid = 42;
  std::memcpy(repeat.comm, "sh", 2);
  repeat.key.class_id = HF_ROOTFS_CREATE;
  repeat.key.operation = HF_OP_CREATE;
  repeat.key.outcome = HF_OUTCOME_DENIED;
  repeat.key.parent_ino = 7;
  repeat.key.name_len = 4;
  std::memcpy(repeat.key.name, "fileX", 5);
  const Result<Event> event = decode_repeat(repeat, 9);
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event.value().count, 9U);
  EXPECT_EQ(event.value().path, "/file");
  EXPECT_NE(event.value().flags & HF_EVENT_TRUNCATED, 0U);
  EXPECT_EQ(event.value().comm, "sh");
  repeat.key.name_len = 0xffff;
  EXPECT_EQ(
      decode_repeat(repeat, 1).value().path.size(),
      1 + event::printable(std::string_view(repeat.key.name, sizeof(repeat.key.name))).size());
  repeat.key.class_id = HF_CLASS_COUNT;
  EXPECT_FALSE(decode_repeat(repeat, 1).ok());
}

TEST(Decode, RefusesMoreThanAnEvent) {
  EXPECT_FALSE(decode_exactly(plain(), sizeof(hf_event) + 1).ok());
}

TEST(Printable, EscapesWhatIsNotUtf8OrObeyedByTerminals) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"/etc/passwd", "/etc/passwd"},
      {"/srv/gr\xc3\xbc\xc3\x9f", "/srv/gr\xc3\xbc\xc3\x9f"},
      {"\xf0\x9f\x90\xb3", "\xf0\x9f\x90\xb3"},
      {"a\xff", "a\\xff"},
      {"a\xc3", "a\\xc3"},                           // cut short
      {"\xc0\xaf", "\\xc0\\xaf"},                    // overlong slash
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},           // surrogate
      {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},  // beyond Unicode
      {"\x1b[2J", "\\x1b[2J"},
      {"\xc2\x9b"
       "2J",
       "\\xc2\\x9b2J"},  // CSI of C1
      {"a\nb", "a\\x0ab"},
      {"a\\xff", "a\\x5cxff"},  // not to be taken for an escape
      {std::string("a\0b", 3), "a\\x00b"},
  };
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(printable(bytes), text);
  }
}

}  // namespace
}  // namespace holdfast::event
