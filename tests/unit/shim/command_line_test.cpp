#include "shim/command_line.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace holdfast::shim {
namespace {

using Words = std::vector<const char*>;

struct Case {
  Flavor flavor;
  Words words;
  const char* verb;
  bool starts = false;
  const char* bundle = "";
  const char* config = "";
  const char* log = "";
  bool log_json = false;
};

std::string joined(const Words& words) {
  std::string text;
  for (const char* word : words) {
    text += std::string(word) + "|";
  }
  return text;
}

constexpr Flavor kRunc = Flavor::kRunc;
constexpr Flavor kCrun = Flavor::kCrun;

const std::vector<Case> kCases = {
    // Nothing to do with containers.
    {kRunc, {}, ""},
    {kRunc, {"--version"}, ""},
    {kRunc, {"-v"}, ""},
    {kCrun, {"-V"}, ""},
    {kRunc, {"features"}, "features"},
    {kRunc, {"--help", "create", "c"}, ""},
    {kRunc, {"--root"}, ""},
    // The plain forms of both.
    {kRunc, {"create", "c"}, "create", true},
    {kRunc, {"create", "--bundle", "/b", "c"}, "create", true, "/b"},
    {kRunc, {"create", "--bundle=/b", "c"}, "create", true, "/b"},
    {kRunc, {"create", "-b", "/b", "c"}, "create", true, "/b"},
    {kRunc, {"create", "-b=/b", "c"}, "create", true, "/b"},
    {kRunc, {"--version=0", "create", "--help=F", "-b=/b", "c"}, "create", true, "/b"},
    {kRunc, {"create", "-bundle", "/b", "c"}, "create", true, "/b"},
    {kRunc, {"create", "--b", "/b", "c"}, "create", true, "/b"},
    {kRunc, {"run", "-d", "--bundle", "/b", "c"}, "run", true, "/b"},
    {kRunc, {"run", "--detach=false", "--bundle", "/b", "c"}, "run", true, "/b"},
    {kRunc, {"restore", "-d", "--image-path", "/i", "--bundle", "/b", "c"}, "restore", true, "/b"},
    // runc takes options after the container's id.
    {kRunc, {"create", "c", "--bundle", "/b"}, "create", true, "/b"},
    {kRunc, {"run", "c", "-b", "/b"}, "run", true, "/b"},
    // The last of several wins.
    {kRunc, {"create", "--bundle", "/a", "--bundle", "/b", "c"}, "create", true, "/b"},
    {kCrun, {"create", "-b/a", "--bundle=/b", "c"}, "create", true, "/b"},
    // A word equal to a verb that is not at the verb's position.
    {kRunc, {"exec", "c", "create"}, "exec"},
    {kRunc, {"exec", "create", "run"}, "exec"},
    {kRunc, {"--root", "create", "state", "c"}, "state"},
    {kRunc, {"--root", "run", "create", "c"}, "create", true},
    {kRunc, {"--root=create", "delete", "run"}, "delete"},
    {kRunc, {"--criu", "run", "list"}, "list"},
    {kRunc, {"create", "--pid-file", "run", "create"}, "create", true},
    {kRunc, {"kill", "create", "KILL"}, "kill"},
    {kRunc, {"--", "create", "c"}, "create", true},
    // Global options of runc, in every spelling of Go's flag package.
    {kRunc,
     {"--debug", "--log", "/l", "--log-format", "json", "--root", "/r", "--systemd-cgroup",
      "--rootless", "auto", "create", "--bundle", "/b", "c"},
     "create",
     true,
     "/b",
     "",
     "/l",
     true},
    {kRunc, {"-log", "/l", "-log-format=json", "create", "c"}, "create", true, "", "", "/l", true},
    {kRunc, {"--log=/l", "--log-format", "text", "create", "c"}, "create", true, "", "", "/l"},
    {kRunc, {"--debug=true", "create", "c"}, "create", true},
    // Global options of crun.
    {kCrun,
     {"--cgroup-manager", "cgroupfs", "--log", "/l", "--log-format=json", "--log-level", "debug",
      "create", "--bundle", "/b", "c"},
     "create",
     true,
     "/b",
     "",
     "/l",
     true},
    {kCrun, {"--cgroup-m", "disabled", "create", "c"}, "create", true},
    {kCrun, {"--roo", "/r", "create", "c"}, ""},  // --root or --rootless: crun asks which
    {kCrun, {"--root", "/r", "create", "c"}, "create", true},
    // crun's short and bundled options, abbreviations, and its own configuration file.
    {kCrun, {"create", "-b/b", "c"}, "create", true, "/b"},
    {kCrun, {"create", "-b", "/b", "c"}, "create", true, "/b"},
    {kCrun, {"run", "-db/b", "c"}, "run", true, "/b"},
    {kCrun, {"run", "-db", "/b", "c"}, "run", true, "/b"},
    {kCrun, {"create", "--bund", "/b", "c"}, "create", true, "/b"},
    {kCrun, {"create", "--bund=/b", "c"}, "create", true, "/b"},
    {kCrun, {"create", "--b=/b", "c"}, "create", true, "/b"},
    {kCrun, {"create", "-f", "/f.json", "c"}, "create", true, "", "/f.json"},
    {kCrun, {"create", "--config=/f.json", "c"}, "create", true, "", "/f.json"},
    {kCrun, {"create", "--pid", "/p", "-b", "/b", "c"}, "create", true, "/b"},
    // crun stops at the id; what follows is not an option.
    {kCrun, {"create", "c", "--bundle", "/b"}, "create", true, ""},
    {kCrun, {"create", "--", "c"}, "create", true},
    // runc knows no abbreviations and no bundles of letters: it refuses these itself.
    {kRunc, {"create", "--bund", "/b", "c"}, "create", true, ""},
    // Values that look like options.
    {kRunc, {"create", "--pid-file", "--bundle", "c"}, "create", true, ""},
    {kRunc, {"--log", "--log-format", "create", "c"}, "create", true, "", "", "--log-format"},
    {kRunc, {"create", "--console-socket=", "--bundle", "/b", "c"}, "create", true, "/b"},
    // A terminator.
    {kRunc, {"create", "--bundle", "/b", "--", "c"}, "create", true, "/b"},
    {kRunc, {"create", "--bundle", "/b", "--", "--bundle"}, "create", true, "/b"},
    // Incomplete, or only asked about: podman probes so.
    {kRunc, {"create"}, "create"},
    {kRunc, {"create", "--bundle", "/b"}, "create", false, "/b"},
    {kRunc, {"create", "--bundle"}, "create"},
    {kRunc, {"restore", "--lsm-mount-context"}, "restore"},
    {kRunc, {"restore", "c", "--lsm-mount-context"}, "restore"},
    {kRunc, {"checkpoint", "--help"}, "checkpoint"},
    {kRunc, {"create", "--help"}, "create"},
    {kRunc, {"run", "-h", "c"}, "run"},
    {kCrun, {"run", "-?", "c"}, "run"},
    {kCrun, {"run", "--usage", "c"}, "run"},
    {kRunc, {"--log", "/l", "--log-format", "json"}, "", false, "", "", "/l", true},
    // Options of a runtime that is newer than this table.
    {kRunc, {"--new-global", "create", "c"}, ""},
    {kRunc, {"create", "--new-option", "value", "--bundle", "/b", "c"}, "create", true, "/b"},
    {kRunc, {"create", "--new-option=value", "--bundle", "/b", "c"}, "create", true, "/b"},
    // Empty and odd words.
    {kRunc, {""}, ""},
    {kRunc, {"-"}, "-"},
    {kRunc, {"create", ""}, "create", true},
    {kRunc, {"create", "--bundle", "", "c"}, "create", true, ""},
    {kRunc, {"---", "create", "c"}, ""},
    {kCrun, {"-", "create"}, "-"},
};

TEST(CommandLine, IsWalkedByArity) {
  for (const Case& expected : kCases) {
    SCOPED_TRACE((expected.flavor == kCrun ? "crun|" : "runc|") + joined(expected.words));
    const CommandLine line = parse_command_line(expected.words, expected.flavor);
    EXPECT_EQ(line.verb, expected.verb);
    EXPECT_EQ(line.starts_container, expected.starts);
    EXPECT_EQ(line.bundle, expected.bundle);
    EXPECT_EQ(line.config, expected.config);
    EXPECT_EQ(line.log, expected.log);
    EXPECT_EQ(line.log_json, expected.log_json);
  }
}

struct Entering {
  Flavor flavor;
  Words words;
  std::vector<std::string> rest;  // empty: not an exec that is complete
  const char* process = "";
  const char* user = "";
  bool options_known = true;
};

const std::vector<Entering> kEnterings = {
    {kRunc, {"exec", "c", "sh"}, {"c", "sh"}},
    {kRunc, {"--root", "/r", "exec", "-t", "-u", "1:2", "c", "sh"}, {"c", "sh"}, "", "1:2"},
    {kRunc, {"exec", "-tty", "-user=7", "c", "-u", "8"}, {"c", "-u", "8"}, "", "7"},
    {kRunc, {"exec", "--process", "/p", "--detach", "c"}, {"c"}, "/p"},
    {kRunc, {"exec", "-p", "/p", "c"}, {"c"}, "/p"},
    {kRunc, {"exec", "--env", "A=B", "--cap", "CAP_CHOWN", "c", "sh"}, {"c", "sh"}},
    {kRunc, {"exec", "--", "c", "sh"}, {"c", "sh"}},
    {kRunc, {"exec", "--newer", "v", "c", "sh"}, {"v", "c", "sh"}, "", "", false},
    {kCrun, {"exec", "--use", "5", "c"}, {"c"}, "", "5"},
    {kCrun, {"exec", "-p/p", "c"}, {"c"}, "/p"},
    {kCrun, {"exec", "-dp", "/p", "c"}, {"c"}, "/p"},
    // What follows in the word is the value of -t.
    {kCrun, {"exec", "-tdp", "c", "sh"}, {"c", "sh"}},
    {kCrun, {"exec", "-dtp", "c", "sh"}, {"c", "sh"}},
    {kCrun, {"exec", "-t", "c", "sh"}, {"c", "sh"}},
    {kCrun, {"exec", "-u", "5", "c", "create"}, {"c", "create"}, "", "5"},
    // Nothing is started.
    {kRunc, {"exec"}, {}},
    {kRunc, {"exec", "--help", "c"}, {}},
    {kRunc, {"exec", "c", "--help"}, {"c", "--help"}},
    {kRunc, {"exec", "--process"}, {}},
    {kCrun, {"exec", "-?", "c"}, {}},
    {kRunc, {"create", "exec", "c"}, {}},
};

TEST(CommandLine, OfAnExecEndsItsOptionsAtTheId) {
  for (const Entering& expected : kEnterings) {
    SCOPED_TRACE((expected.flavor == kCrun ? "crun|" : "runc|") + joined(expected.words));
    const CommandLine line = parse_command_line(expected.words, expected.flavor);
    EXPECT_EQ(line.enters_container, !expected.rest.empty());
    EXPECT_FALSE(line.enters_container && line.starts_container);
    if (line.enters_container) {
      EXPECT_EQ(line.words, expected.rest);
      EXPECT_EQ(line.process, expected.process);
      EXPECT_EQ(line.user, expected.user);
      EXPECT_EQ(line.options_known, expected.options_known);
    }
  }
}

TEST(CommandLine, FlavorFollowsTheNameOfTheProgram) {
  EXPECT_EQ(flavor_of("/usr/bin/crun"), Flavor::kCrun);
  EXPECT_EQ(flavor_of("crun-1.20"), Flavor::kCrun);
  EXPECT_EQ(flavor_of("/usr/sbin/runc"), Flavor::kRunc);
  EXPECT_EQ(flavor_of("/opt/crun/runc"), Flavor::kRunc);
  EXPECT_EQ(flavor_of("/opt/youki"), Flavor::kRunc);
}

}  // namespace
}  // namespace holdfast::shim
