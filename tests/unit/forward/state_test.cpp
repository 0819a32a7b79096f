#include "src/forward/state.h"

#include <gtest/gtest.h>

#include "tests/unit/forward/lines.h"
#include "tests/unit/temp_dir.h"

namespace holdfast::forward {
namespace {

TEST(Kept, IsThereForTheNextRun) {
  const test::TempDir root;
  const Cursor cursor{5, 0xffffffffffffffff, 1, 2, 3};
  {
    State state = State::open(root.path("state")).value();
    ASSERT_TRUE(state.save_cursor("a", cursor).ok());
    Counters counters;
    counters.sent = 7;
    counters.error = "no";
    state.update("a", counters);
    state.save();
  }
  const State state = State::open(root.path("state")).value();
  EXPECT_EQ(state.cursor("a"), cursor);
  EXPECT_EQ(state.cursor("b"), Cursor{});
  EXPECT_EQ(state.counters("a").sent, 7U);
  EXPECT_EQ(state.counters("a").error, "no");
}

TEST(Kept, BelongsToOneForwarder) {
  const test::TempDir root;
  const State state = State::open(root.path()).value();
  EXPECT_FALSE(State::open(root.path()).ok());
}

TEST(Kept, BeginsAnewWhereACursorIsTorn) {
  const test::TempDir root;
  for (const char* torn : {"", "{\"seq\":", "[1]", "{\"seq\":-1}"}) {
    root.write("a.cursor", torn);
    EXPECT_EQ(State::open(root.path()).value().cursor("a"), Cursor{}) << torn;
  }
}

TEST(Lag, CountsLinesBehindTheCursor) {
  const test::TempDir root;
  root.write("log", text_of(8) + "\n" + text_of(9) + "\n");
  EXPECT_EQ(lag(root.path("log"), {}), 9U);
  EXPECT_EQ(lag(root.path("log"), {7, 0, 0, 0, 0}), 2U);
  EXPECT_EQ(lag(root.path("log"), {9, 0, 0, 0, 0}), 0U);
  EXPECT_EQ(lag(root.path("none"), {}), 0U);
}

}  // namespace
}  // namespace holdfast::forward
