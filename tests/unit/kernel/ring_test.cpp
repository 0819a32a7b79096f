#include "src/kernel/ring.h"

#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

namespace holdfast::kernel {
namespace {

// What the kernel does on its side of the ring, in plain memory.
class Producer {
 public:
  static constexpr std::size_t kBytes = 64;

  Ring ring() { return {&given_back, &written, data_.data(), kBytes}; }

  // As bpf_ringbuf_output(); `flags` stay in the header. False: no room.
  bool put(const std::string& text, std::uint32_t flags = 0) {
    const std::size_t bytes = (BPF_RINGBUF_HDR_SZ + text.size() + 7) / 8 * 8;
    if (written + bytes - given_back > kBytes) {
      return false;
    }
    set_header(written, static_cast<std::uint32_t>(text.size()) | flags);
    for (std::size_t i = 0; i < text.size(); ++i) {
      set(written + BPF_RINGBUF_HDR_SZ + i, static_cast<std::byte>(text[i]));
    }
    written += bytes;
    return true;
  }

  void set_header(std::uint64_t at, std::uint32_t word) {
    std::array<std::byte, sizeof(word)> bytes;
    std::memcpy(bytes.data(), &word, sizeof(word));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      set(at + i, bytes[i]);
    }
  }

  std::uint64_t given_back = 0;
  std::uint64_t written = 0;

 private:
  void set(std::uint64_t at, std::byte value) { data_[at % kBytes] = value; }

  alignas(8) std::array<std::byte, kBytes> data_{};
};

std::string text_of(const std::optional<RingRecord>& record) {
  return record ? std::string(static_cast<const char*>(record->bytes), record->size) : "none";
}

TEST(Ring, HandsOutInOrderAndKeepsWhatIsNotGivenBack) {
  Producer kernel;
  Ring ring = kernel.ring();
  EXPECT_FALSE(ring.next());
  kernel.put("one");
  kernel.put("second");
  const auto first = ring.next();
  const auto second = ring.next();
  EXPECT_EQ(text_of(first), "one");
  EXPECT_EQ(text_of(second), "second");
  EXPECT_EQ(first->position, 0U);
  EXPECT_EQ(second->position, first->end);
  EXPECT_EQ(kernel.given_back, 0U);
  EXPECT_EQ(ring.bytes(), Producer::kBytes);
  EXPECT_EQ(ring.used_bytes(), second->end);
  EXPECT_FALSE(ring.next());
  ring.give_back(first->end);
  EXPECT_EQ(kernel.given_back, first->end);
  EXPECT_EQ(ring.used_bytes(), second->end - first->end);
}

TEST(Ring, TheNextReaderGetsWhatWasNotGivenBackAtTheSamePosition) {
  Producer kernel;
  kernel.put("one");
  kernel.put("two");
  Ring killed = kernel.ring();
  killed.give_back(killed.next()->end);
  const auto lost = killed.next();
  Ring next = kernel.ring();
  const auto again = next.next();
  EXPECT_EQ(text_of(again), "two");
  EXPECT_EQ(again->position, lost->position);
}

TEST(Ring, WaitsForARecordThatIsStillWritten) {
  Producer kernel;
  Ring ring = kernel.ring();
  kernel.put("half", BPF_RINGBUF_BUSY_BIT);
  kernel.put("whole");
  EXPECT_FALSE(ring.next());
  kernel.set_header(0, 4);
  EXPECT_EQ(text_of(ring.next()), "half");
  EXPECT_EQ(text_of(ring.next()), "whole");
}

TEST(Ring, PassesOverDiscardedRecordsAndGivesThemBack) {
  Producer kernel;
  Ring ring = kernel.ring();
  kernel.put("gone", BPF_RINGBUF_DISCARD_BIT);
  EXPECT_FALSE(ring.next());
  EXPECT_EQ(kernel.given_back, kernel.written);
  kernel.put("kept");
  kernel.put("gone", BPF_RINGBUF_DISCARD_BIT);
  const auto kept = ring.next();
  EXPECT_EQ(text_of(kept), "kept");
  EXPECT_FALSE(ring.next());
  EXPECT_EQ(kernel.given_back, kept->position) << "gave back what somebody still reads";
}

TEST(Ring, ReadsOverTheEndOfTheDataManyTimes) {
  Producer kernel;
  Ring ring = kernel.ring();
  for (int i = 0; i < 1000; ++i) {
    const std::string text = "record " + std::to_string(i);
    ASSERT_TRUE(kernel.put(text));
    const auto record = ring.next();
    ASSERT_EQ(text_of(record), text);
    ring.give_back(record->end);
  }
}

TEST(Ring, AFullRingTakesNothingUntilSomethingIsGivenBack) {
  Producer kernel;
  Ring ring = kernel.ring();
  while (kernel.put("12345678")) {
  }
  const auto first = ring.next();
  EXPECT_FALSE(kernel.put("12345678"));
  ring.give_back(first->end);
  EXPECT_TRUE(kernel.put("12345678"));
}

}  // namespace
}  // namespace holdfast::kernel
