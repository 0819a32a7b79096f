#include "src/forward/reader.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/unit/forward/lines.h"
#include "tests/unit/temp_dir.h"

namespace holdfast::forward {
namespace {

namespace fs = std::filesystem;
using Numbers = std::vector<std::int64_t>;

class Read : public testing::Test {
 protected:
  // Numbers of what comes next; of a line of lost ones, minus their count.
  Numbers next(std::size_t most = 1000) {
    Numbers numbers;
    const auto lines = reader_.next(most, 1 << 20).value();
    for (const Line& line : lines) {
      numbers.push_back(line.lost != 0 ? -static_cast<std::int64_t>(line.lost)
                                       : static_cast<std::int64_t>(line.end.seq));
      cursor_ = line.end;
    }
    return numbers;
  }
  void restart() { reader_ = Reader(log(), cursor_); }
  [[nodiscard]] std::string log(const std::string& suffix = "") const {
    return root_.path("alerts.jsonl") + suffix;
  }
  void append(std::uint64_t first, std::uint64_t last, const std::string& suffix = "",
              const nlohmann::json& more = nlohmann::json::object()) const {
    std::ofstream file(log(suffix), std::ios::app);
    for (std::uint64_t seq = first; seq <= last; ++seq) {
      file << text_of(seq, more) << "\n";
    }
  }
  void rotate(const std::string& suffix) const { fs::rename(log(), log(suffix)); }

  test::TempDir root_;
  Cursor cursor_;
  Reader reader_{log(), {}};
};

TEST_F(Read, WaitsForAFileAndForTheRestOfALine) {
  EXPECT_EQ(next(), Numbers{});
  append(1, 2);
  std::ofstream(log(), std::ios::app) << text_of(3).substr(0, 20);
  EXPECT_EQ(next(), (Numbers{1, 2}));
  EXPECT_EQ(next(), Numbers{});
  std::ofstream(log(), std::ios::app) << text_of(3).substr(20) << "\n";
  EXPECT_EQ(next(), Numbers{3});
}

TEST_F(Read, BeginsWithTheOldestFileThatIsThere) {
  append(1, 2);
  rotate(".000000000002");
  append(3, 4);
  rotate(".000000000004");
  append(5, 5);
  root_.write("alerts.jsonl.0.gz", "\x1f\x8b not text");
  root_.write("alerts.jsonl.lock", "");
  EXPECT_EQ(next(), (Numbers{1, 2, 3, 4, 5}));
}

TEST_F(Read, StopsWhereABatchIsFull) {
  append(1, 5);
  EXPECT_EQ(next(2), (Numbers{1, 2}));
  restart();
  EXPECT_EQ(next(2), (Numbers{3, 4}));
  EXPECT_EQ(reader_.next(1000, 1).value().size(), 1U);
}

TEST_F(Read, GoesOnBehindItsCursorOverAnyRotation) {
  append(1, 3);
  EXPECT_EQ(next(2), (Numbers{1, 2}));
  rotate(".1");
  append(4, 5);
  restart();
  EXPECT_EQ(next(2), (Numbers{3, 4}));
  fs::rename(log(".1"), log(".2"));
  rotate(".1");
  append(6, 6);
  EXPECT_EQ(next(), (Numbers{5, 6}));
}

TEST_F(Read, FindsItsPlaceInACopy) {
  append(1, 3);
  EXPECT_EQ(next(2), (Numbers{1, 2}));
  fs::copy_file(log(), log(".1"));
  fs::resize_file(log(), 0);
  append(4, 4);
  restart();
  EXPECT_EQ(next(), (Numbers{3, 4}));
}

TEST_F(Read, FollowsAFileThatWasEmptied) {
  append(1, 3);
  EXPECT_EQ(next(), (Numbers{1, 2, 3}));
  fs::resize_file(log(), 0);
  append(4, 4);
  EXPECT_EQ(next(), Numbers{4});
}

TEST_F(Read, FindsWhatWasWrittenToTheOldFileAfterTheRename) {
  append(1, 1);
  EXPECT_EQ(next(), Numbers{1});
  rotate(".1");
  append(3, 3);
  fs::last_write_time(log(".1"), fs::last_write_time(log()) - std::chrono::seconds(1));
  append(2, 2, ".1");
  EXPECT_EQ(next(), (Numbers{2, 3}));
}

TEST_F(Read, LooksAgainBeforeItCallsALineLost) {
  append(1, 1);
  rotate(".1");
  append(3, 3);
  EXPECT_EQ(next(1), Numbers{1});
  EXPECT_TRUE(reader_.next(0, 0).value().empty());
  append(2, 2, ".1");
  EXPECT_EQ(next(), (Numbers{2, 3}));
}

TEST_F(Read, TellsOfLinesThatWereRotatedAway) {
  append(1, 2);
  EXPECT_EQ(next(), (Numbers{1, 2}));
  fs::remove(log());
  append(6, 7);
  EXPECT_EQ(next(), (Numbers{-3, 6, 7}));
  append(9, 9);
  restart();
  EXPECT_EQ(next(), (Numbers{-1, 9}));
}

TEST_F(Read, TellsOfNumbersThatBeginAnew) {
  append(1, 5);
  EXPECT_EQ(next(), (Numbers{1, 2, 3, 4, 5}));
  fs::remove(log());
  append(1, 9, "", {{"time", "2024-03-01T00:00:00.000000000Z"}});
  restart();
  EXPECT_EQ(next(), (Numbers{-1, 1, 2, 3, 4, 5, 6, 7, 8, 9}))
      << "5 is another line than the one before";
}

TEST_F(Read, PassesOverWhatIsNoLineOfOurs) {
  root_.write("alerts.jsonl", "text\n{\"seq\":0}\n{\"seq\":1\n" + std::string(3 << 20, 'x') + "\n");
  append(1, 1);
  EXPECT_EQ(next(), Numbers{1});
  EXPECT_EQ(reader_.strange(), 3U);
}

}  // namespace
}  // namespace holdfast::forward
