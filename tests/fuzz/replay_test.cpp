// Every input of the corpus, in the ordinary build: what fuzzing has found once stays found.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "src/base/file.h"
#include "src/base/unique_fd.h"
#include "tests/fuzz/target.h"

namespace holdfast::fuzz {
namespace {

constexpr std::size_t kMaxInputBytes = std::size_t{1} << 20;
constexpr double kMaxSeconds = 1;  // of CPU: the machine may be busy
constexpr rlim_t kKillAfterSeconds = 10;
// What the shim may take on top of what it is, for any config.json within kSpecLimits.
constexpr long kMaxKilobytes = 128 * 1024;

std::vector<std::string> inputs() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(HOLDFAST_CORPUS)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

struct Outcome {
  int status = 0;     // as wait(2) has it
  std::string error;  // what the input's author reads; "" when it was accepted
  double seconds = 0;
  long kilobytes = 0;
};

[[noreturn]] void judge_in_child(const std::string& bytes, int out) {
  const rlimit limit{kKillAfterSeconds, kKillAfterSeconds};
  setrlimit(RLIMIT_CPU, &limit);
  const Status status = judge_and_check(bytes);
  const bool told = status.ok() || base::write_all(out, status.error().message, "pipe").ok();
  _exit(told ? 0 : 1);
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// In a process of its own: a crash fails one test, and time and memory are this input's alone.
Outcome outcome_of(const std::string& bytes) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  const base::UniqueFd in(ends[0]);
  base::UniqueFd out(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    judge_in_child(bytes, out.get());
  }
  out.reset();
  Outcome outcome;
  outcome.error = base::read_all(in.get(), kMaxInputBytes, "pipe").value();
  rusage used{};
  EXPECT_EQ(wait4(child, &outcome.status, 0, &used), child);
  outcome.seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
  outcome.kilobytes = used.ru_maxrss;
  return outcome;
}

class Corpus : public testing::TestWithParam<std::string> {};

TEST_P(Corpus, InputIsJudgedSoonAndAsItsNameSays) {
  const std::string path = std::string(HOLDFAST_CORPUS "/") + GetParam();
  const Outcome outcome = outcome_of(base::read_file(path, kMaxInputBytes).value());
  EXPECT_EQ(outcome.status, 0) << "wait status; the reason is on standard error";
  EXPECT_LT(outcome.seconds, kMaxSeconds);
  EXPECT_LT(outcome.kilobytes, kMaxKilobytes);
  EXPECT_EQ(!outcome.error.empty(), GetParam().starts_with("bad-")) << outcome.error;
}

INSTANTIATE_TEST_SUITE_P(All, Corpus, testing::ValuesIn(inputs()), [](const auto& file) {
  std::string name = file.param;
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace holdfast::fuzz
