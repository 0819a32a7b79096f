#include "src/sink/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "src/base/file.h"
#include "src/base/unique_fd.h"
#include "src/profile/schema.h"
#include "src/sink/json.h"
#include "tests/unit/temp_dir.h"

namespace holdfast::sink {
namespace {

using nlohmann::json;

constexpr std::uint64_t kSecond = 1'000'000'000;

detect::Alert small(const std::string& message = "something happened.") {
  detect::Alert alert;
  alert.time_ns = 1'709'251'199'000'000'001;
  alert.kind = "alert";
  alert.class_name = "monitor.lost";
  alert.action = "alerted";
  alert.message = message;
  alert.backend = "lsm";
  alert.host = "node";
  alert.origin = {"alerts", 1, 2};
  return alert;
}

detect::Alert responded(const detect::Asker& by) {
  detect::Alert alert = small();
  alert.class_name = "respond.kill-process";
  alert.action = "failed";
  alert.response = detect::Response{
      "kill-process", detect::Response::Result::kFailed, by, 7, "it has ended", "/incidents/1",
      "disk full"};
  alert.origin.queue = "responses";
  return alert;
}

detect::Alert full() {
  detect::Alert alert = small();
  alert.class_name = "escape.mount";
  alert.container = std::make_shared<const detect::Container>(
      detect::Container{"id", "web", "image", "default", "podman", "/bundle", {{"a", "b"}}});
  event::Process process;
  process.pid = 1;
  process.container_pid = 1;
  process.caps = 0x1ffffffffff;
  process.comm = "sh";
  process.exe = "/bin/sh";
  process.argv = {"sh", "-c", "mount"};
  process.argv_truncated = true;
  process.cwd = "/";
  process.ancestors = {{2, "/bin/init", "init"}};
  process.gone = true;
  alert.process = process;
  detect::Object object;
  object.operation = "mount";
  object.path = "/mnt";
  object.path_truncated = true;
  object.path_as_spelled = true;
  object.type = "directory";
  object.mode = "0755";
  object.device = "8:1";
  object.node = "8:0";
  object.filesystem = "tmpfs";
  object.inode = 5;
  object.syscall = "mount";
  object.flags = {"MS_BIND"};
  object.capabilities = {"CAP_SYS_ADMIN"};
  object.target_pid = 3;
  object.result = "EPERM";
  alert.object = object;
  alert.mitre = {"T1611", "T1070.004"};
  alert.falco = "rule";
  alert.tracee = "id";
  return alert;
}

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(json::parse(text.substr(begin, end - begin), nullptr, false));
    begin = end + 1;
  }
  return lines;
}

// Every line is an alert and the numbers run from `first` without a gap.
void expect_gapless(const std::vector<json>& lines, std::uint64_t first = 1) {
  for (const json& line : lines) {
    ASSERT_TRUE(line.is_object());
    EXPECT_EQ(line.at("seq").get<std::uint64_t>(), first++);
  }
}

class Sink : public testing::Test {
 protected:
  FileSink open(const FileSettings& settings = {}) const {
    return FileSink::open(root_.path("log/alerts.jsonl"), settings).value();
  }
  [[nodiscard]] std::string text() const { return root_.read("log/alerts.jsonl"); }

  test::TempDir root_;
};

// Files of this process cannot grow beyond a size: what a full disk looks like, short write
// included.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(Sink, WritesLinesThatFitThePublishedSchema) {
  const std::string schema = base::read_file(HOLDFAST_ALERT_SCHEMA, 1 << 20).value();
  FileSink sink = open();
  sink.add(full());
  sink.add(small());
  sink.add(responded({12, 0, "", "", detect::Severity::kNotice}));
  sink.add(responded({0, 0, "strict", "escape.mount", detect::Severity::kCritical}));
  sink.flush(0);
  const auto lines = lines_of(text());
  ASSERT_EQ(lines.size(), 4U);
  for (const json& line : lines) {
    for (const Error& problem : profile::check_schema(schema, line, "alert")) {
      ADD_FAILURE() << problem.message;
    }
  }
  json strange = lines[0];
  strange["colour"] = "red";
  EXPECT_FALSE(profile::check_schema(schema, strange, "alert").empty());
}

TEST_F(Sink, KeepsOthersFromReading) {
  open();
  struct stat file {};
  struct stat directory {};
  ASSERT_EQ(stat(root_.path("log/alerts.jsonl").c_str(), &file), 0);
  ASSERT_EQ(stat(root_.path("log").c_str(), &directory), 0);
  EXPECT_EQ(file.st_mode & 0007, 0U);
  EXPECT_EQ(directory.st_mode & 0027, 0U);
}

TEST_F(Sink, NumbersWithoutAGap) {
  FileSink sink = open();
  for (int batch = 0; batch < 3; ++batch) {
    for (int i = 0; i < 1000; ++i) {
      sink.add(small(std::string(500, 'x')));
    }
    sink.flush(0);
  }
  const auto lines = lines_of(text());
  EXPECT_EQ(lines.size(), 3000U);
  expect_gapless(lines);
}

TEST_F(Sink, LosesNothingOnADiskThatIsFullForAWhile) {
  FileSink sink = open();
  for (int i = 0; i < 20; ++i) {
    sink.add(small());
  }
  {
    const FullDisk full(1000);  // in the middle of a line
    sink.flush(kSecond);
    EXPECT_FALSE(sink.idle());
    EXPECT_EQ(text().back(), '\n') << "a reader sees half a line";
    const auto retry = sink.retry_at_ns();
    ASSERT_TRUE(retry.has_value());
    EXPECT_GT(*retry, kSecond);
    sink.flush(*retry - 1);  // too early: not even tried
    sink.flush(*retry);
    EXPECT_GT(*sink.retry_at_ns(), *retry);
  }
  sink.flush(100 * kSecond);
  EXPECT_TRUE(sink.idle());
  const auto lines = lines_of(text());
  EXPECT_EQ(lines.size(), 20U);
  expect_gapless(lines);
}

TEST_F(Sink, SaysWhichLinesAreInTheFile) {
  FileSink sink = open();
  for (int i = 0; i < 20; ++i) {
    sink.add(small());
  }
  std::size_t written = 0;
  {
    const FullDisk full(1000);
    written = sink.flush(kSecond);
    EXPECT_EQ(lines_of(text()).size(), written);
    EXPECT_LT(written, 20U);
  }
  written += sink.flush(100 * kSecond);
  EXPECT_EQ(written, 20U);
  EXPECT_EQ(sink.flush(101 * kSecond), 0U);
}

TEST_F(Sink, IsFullAfterABatch) {
  FileSink sink = open();
  while (sink.room() > 0) {
    sink.add(small(std::string(1000, 'x')));
  }
  sink.flush(0);
  EXPECT_EQ(sink.room(), kBatchBytes);
  EXPECT_LT(text().size(), kBatchBytes + 2000);
}

TEST_F(Sink, FailsSoftlyOnADeviceThatIsAlwaysFull) {
  auto sink = FileSink::open("/dev/full");
  ASSERT_TRUE(sink.ok());
  sink.value().add(small());
  sink.value().flush(kSecond);
  EXPECT_FALSE(sink.value().idle());
}

TEST_F(Sink, GoesOnWithTheNumbersAndTheOriginsOfTheFormerMonitor) {
  detect::Alert alert = small();
  {
    FileSink killed = open();
    for (std::uint64_t position = 0; position < 2000; ++position) {
      alert.origin.position = position;
      killed.add(alert);
    }
    killed.flush(0);
  }
  FileSink sink = open();
  EXPECT_TRUE(sink.tail().origins.contains({"alerts", 1, 1999}));
  EXPECT_FALSE(sink.tail().origins.contains({"records", 1, 1999}));
  EXPECT_FALSE(sink.tail().origins.contains({"alerts", 2, 1999}));
  sink.add(small());
  sink.flush(0);
  const auto lines = lines_of(text());
  EXPECT_EQ(lines.size(), 2001U);
  expect_gapless(lines);
}

TEST_F(Sink, CutsOffTheHalfLineOfAMonitorThatWasKilled) {
  {
    FileSink killed = open();
    killed.add(small());
    killed.flush(0);
  }
  const std::string whole = text();
  for (const std::string half : {"{", "{\"seq\":2,\"ti", "{\"seq\":2}"}) {
    root_.write("log/alerts.jsonl", whole + half);
    FileSink sink = open();
    EXPECT_EQ(text(), whole) << half;
    sink.add(small());
    sink.flush(0);
    const auto lines = lines_of(text());
    ASSERT_EQ(lines.size(), 2U);
    expect_gapless(lines);
  }
}

TEST_F(Sink, LeavesAloneWhatIsNotItsOwn) {
  std::string binary;
  for (int i = 0; i < 3'000'000; ++i) {
    binary += static_cast<char>(i * 7 % 251);
  }
  for (const std::string& foreign :
       {binary, std::string("plain text"), std::string("{\"seq\":\"x\"}\n[1]\n{\"seq\":-4}\nend"),
        std::string("{\"seq\":0}\nno line feed")}) {
    root_.write("log/alerts.jsonl", foreign);
    FileSink sink = open();
    sink.add(small());
    sink.flush(0);
    EXPECT_EQ(text().substr(0, foreign.size() + 1), foreign + "\n");
    EXPECT_EQ(lines_of(text().substr(foreign.size() + 1)).at(0).at("seq"), json(1));
  }
}

TEST_F(Sink, GoesOnWithTheFileThatWasRotatedBeforeTheStart) {
  {
    FileSink killed = open();
    killed.add(small());
    killed.add(small());
    killed.flush(0);
  }
  const std::string log = root_.path("log/alerts.jsonl");
  for (const char* suffix : {".1", "-20261125"}) {
    std::filesystem::rename(log, log + suffix);
    FileSink sink = open();
    sink.add(small());
    sink.flush(0);
    EXPECT_EQ(lines_of(text()).at(0).at("seq"), json(3));
    EXPECT_TRUE(sink.tail().origins.contains({"alerts", 1, 2}));
    std::filesystem::rename(log + suffix, log);
  }
}

TEST_F(Sink, GoesOnWithTheHighestNumberWhateverTheFilesAreCalledAndHowOldTheySeem) {
  const std::string log = root_.path("log/alerts.jsonl");
  {
    FileSink killed = open();
    for (const char* suffix : {".2", ".1"}) {
      killed.add(small());
      killed.flush(0);
      std::filesystem::rename(log, log + suffix);
    }
  }
  using namespace std::chrono_literals;
  std::filesystem::last_write_time(log + ".2", std::filesystem::last_write_time(log + ".1") + 1h);
  root_.write("log/alerts.jsonl.3.gz", "compressed");
  FileSink sink = open();
  sink.add(small());
  sink.flush(0);
  expect_gapless(lines_of(text()), 3);
}

TEST_F(Sink, MakesTheDirectoryThatSomebodyRemoved) {
  FileSink sink = open();
  sink.add(small());
  sink.flush(0);
  std::filesystem::remove_all(root_.path("log"));
  sink.add(small());
  EXPECT_EQ(sink.flush(0), 1U);
  expect_gapless(lines_of(text()), 2);
}

// The monitor must not hang, and loses nothing meanwhile.
TEST_F(Sink, DoesNotWaitForAReaderOfAPipe) {
  std::filesystem::create_directory(root_.path("log"));
  ASSERT_EQ(mkfifo(root_.path("log/alerts.jsonl").c_str(), 0600), 0);
  EXPECT_FALSE(FileSink::open(root_.path("log/alerts.jsonl")).ok());
  const base::UniqueFd reader(
      ::open(root_.path("log/alerts.jsonl").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  FileSink sink = open();
  const detect::Alert large = small(std::string(100'000, 'x'));
  sink.add(large);
  EXPECT_EQ(sink.flush(0), 0U);
  EXPECT_EQ(sink.waiting(), 1U);
}

TEST_F(Sink, FollowsARotation) {
  FileSink sink = open();
  sink.add(small());
  sink.flush(0);
  std::filesystem::rename(root_.path("log/alerts.jsonl"), root_.path("log/alerts.jsonl.1"));
  sink.add(small());
  sink.flush(0);
  EXPECT_EQ(lines_of(root_.read("log/alerts.jsonl.1")).size(), 1U);
  expect_gapless(lines_of(text()), 2);
}

TEST_F(Sink, RotatesBeforeAFileIsTooLargeAndKeepsTheNewest) {
  FileSettings settings;
  settings.rotation = {2000, 0, 2};
  FileSink sink = open(settings);
  for (int i = 0; i < 40; ++i) {
    sink.add(small());
    EXPECT_EQ(sink.flush(0), 1U);
    EXPECT_LE(text().size(), 2000U);
  }
  const std::vector<std::string> rotated = rotated_files(root_.path("log/alerts.jsonl"));
  ASSERT_EQ(rotated.size(), 2U);
  std::vector<json> lines;
  for (const std::string& name :
       {std::min(rotated[0], rotated[1]), std::max(rotated[0], rotated[1]),
        root_.path("log/alerts.jsonl")}) {
    for (json& line : lines_of(base::read_file(name, 1 << 20).value())) {
      lines.push_back(std::move(line));
    }
  }
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.back().at("seq"), json(40));
  expect_gapless(lines, 41 - lines.size());
}

TEST_F(Sink, GrowsOnWhereARotationFails) {
  FileSettings settings;
  settings.rotation = {1, 0, 2};
  // With the time behind it the name is longer than a name may be.
  const std::string log = root_.path(std::string(240, 'a'));
  FileSink sink = FileSink::open(log, settings).value();
  for (int i = 0; i < 3; ++i) {
    sink.add(small());
    EXPECT_EQ(sink.flush(0), 1U);
  }
  expect_gapless(lines_of(base::read_file(log, 1 << 20).value()));
  EXPECT_TRUE(rotated_files(log).empty());
}

TEST_F(Sink, SaysWhichDirectoryItCannotMake) {
  root_.write("file", "");
  const auto sink = FileSink::open(root_.path("file/log/alerts.jsonl"));
  ASSERT_FALSE(sink.ok());
  EXPECT_NE(sink.error().message.find(root_.path("file")), std::string::npos);
}

TEST(Json, ReplacesTextThatIsNotUtf8) {
  const std::string text = to_json(small("\xff"));
  EXPECT_TRUE(json::parse(text, nullptr, false).is_object());
}

}  // namespace
}  // namespace holdfast::sink
