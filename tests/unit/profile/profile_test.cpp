#include "src/profile/profile.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "src/base/file.h"
#include "src/base/json.h"
#include "src/profile/config.h"
#include "src/profile/schema.h"

namespace holdfast::profile {
namespace {

std::string head(const std::string& rest = "") {
  return R"({"schema":"holdfast.profile/v1","name":"p")" + (rest.empty() ? "" : "," + rest) + "}";
}

TEST(Profile, AResponseHoldsOfWorseAlertsThatHaveNoneOfTheirOwn) {
  const Profile profile = parse_profile(R"({"schema":"holdfast.profile/v1","name":"p",
                        "respond":{"alert":"kill-container","error":"isolate"}})",
                                        "p.json")
                              .value();
  const Responses expected = {
      Response::kKillContainer, Response::kKillContainer, Response::kIsolate, Response::kIsolate,
      Response::kAlert,         Response::kAlert,         Response::kAlert,   Response::kAlert};
  EXPECT_EQ(profile.respond, expected);
}

TEST(Profile, SaysNothingMeansTheDefaults) {
  const Profile profile = parse_profile(head(), "p.json").value();
  EXPECT_EQ(profile.mode, Mode::kEnforce);
  EXPECT_EQ(profile.rootfs.guard, RootfsGuard::kAlert);
  EXPECT_EQ(profile.rootfs.new_executables, HF_ALERT);
  EXPECT_EQ(profile.escape.action, HF_DENY);
  EXPECT_EQ(profile.seccomp.base, SeccompBase::kContainer);
  EXPECT_FALSE(profile.on_failure.has_value());
}

TEST(Profile, EveryKeyIsRead) {
  const Profile profile = parse_profile(head(R"(
      "description":"d","extends":"base","match":{"images":["docker.io/*:1"]},"mode":"detect",
      "rootfs":{"guard":"enforce","writable":["/run","/"],"new_executables":"kill"},
      "escape":{"action":"record","allow":["escape.mount"]},
      "seccomp":{"base":"none","deny":["io_uring_setup"],"log":["ptrace"],"errno":"ENOSYS",
        "notify":["mkdir"],"allow_only":["execve","exit_group"]},"on_failure":"warn")"),
                                        "p.json")
                              .value();
  EXPECT_EQ(profile.extends, "base");
  EXPECT_EQ(profile.images, std::vector<std::string>{"docker.io/*:1"});
  EXPECT_EQ(profile.mode, Mode::kDetect);
  EXPECT_EQ(profile.rootfs.guard, RootfsGuard::kEnforce);
  EXPECT_EQ(profile.rootfs.writable, (std::vector<std::string>{"/run", "/"}));
  EXPECT_EQ(profile.rootfs.new_executables, HF_KILL);
  EXPECT_EQ(profile.escape.action, HF_RECORD);
  EXPECT_EQ(profile.escape.allow, std::vector<std::uint32_t>{HF_ESCAPE_MOUNT});
  EXPECT_EQ(profile.seccomp.base, SeccompBase::kNone);
  EXPECT_EQ(profile.seccomp.deny, std::vector<std::string>{"io_uring_setup"});
  EXPECT_EQ(profile.seccomp.log, std::vector<std::string>{"ptrace"});
  EXPECT_EQ(profile.seccomp.notify, std::vector<std::string>{"mkdir"});
  EXPECT_EQ(profile.seccomp.allow_only, (std::vector<std::string>{"execve", "exit_group"}));
  EXPECT_EQ(profile.seccomp.error, ENOSYS);
  EXPECT_EQ(profile.on_failure, OnFailure::kWarn);
}

struct Bad {
  std::string json;
  std::string error;
  bool schema_sees_it = true;  // the rest is meaning that a JSON schema cannot say
};

std::vector<Bad> bad_profiles() {
  return {
      {"[]", "p.json: must be an object, not array"},
      {R"({"name":"p"})", "p.json: /schema: is missing; write \"schema\": \"holdfast.profile/v1\""},
      {R"({"schema":"v2","name":"p"})",
       "p.json: /schema: \"v2\" is not a format this version reads; it reads "
       "\"holdfast.profile/v1\""},
      {R"({"schema":"holdfast.profile/v1"})",
       "p.json: /name: is missing; give the profile its file's name, without .json"},
      {R"({"schema":"holdfast.profile/v1","name":"P"})",
       "p.json: /name: \"P\" is not a profile's name"},
      {head(R"("nmae":1)"), "p.json: /nmae: is not a known key; known here: schema,"},
      {head(R"("mode":"learn")"),
       "p.json: /mode: \"learn\" is not supported by this version of holdfast; use detect"},
      {head(R"("mode":"x")"), "p.json: /mode: \"x\" is not one of enforce, detect, off"},
      {head(R"("mode":null)"), "p.json: /mode: must be a string, not null"},
      {head(R"("extends":"../x")"), "p.json: /extends: \"../x\" is not a profile's name"},
      {head(R"("extends":"")"), "p.json: /extends: \"\" is not a profile's name"},
      {head(R"("match":{"image":[]})"),
       "p.json: /match/image: is not a known key; known here: images"},
      {head(R"("match":{"images":[""]})"),
       "p.json: /match/images/0: \"\" matches no image reference"},
      {head(R"("match":{"images":["a b"]})"),
       "p.json: /match/images/0: \"a b\" matches no image reference"},
      {head(R"("match":{"images":["a[b"]})"),
       "p.json: /match/images/0: \"a[b\" has a '[' without its ']'", false},
      {head(R"("rootfs":{"guard":"on"})"),
       "p.json: /rootfs/guard: \"on\" is not one of off, alert, enforce, readonly"},
      {head(R"("rootfs":{"gaurd":"off"})"),
       "p.json: /rootfs/gaurd: is not a known key; known here: guard, writable, new_executables"},
      {head(R"("rootfs":{"writable":["run"]})"),
       "p.json: /rootfs/writable/0: \"run\" is not an absolute path; write it from the container's "
       "root"},
      {head(R"("rootfs":{"writable":["/run","/a/../b/"]})"),
       "p.json: /rootfs/writable/1: \"/a/../b/\" is not a clean path; write \"/b\"", false},
      {head(R"("rootfs":{"writable":["/)" + std::string(250, 'a') + "\"]}"),
       "p.json: /rootfs/writable/0: is longer than 246 bytes"},
      {head(R"("rootfs":{"new_executables":"block"})"),
       "p.json: /rootfs/new_executables: \"block\" is not one of off, record, alert, deny, kill"},
      {head(R"("escape":{"allow":["escape.moun"]})"),
       "p.json: /escape/allow/0: \"escape.moun\" is not a class of escape; known: "
       "escape.outside-mount, "},
      {head(R"("escape":{"allow":["rootfs.write"]})"),
       "p.json: /escape/allow/0: \"rootfs.write\" is not a class of escape"},
      {head(R"("escape":"deny")"), "p.json: /escape: must be an object, not string"},
      {head(R"("seccomp":{"base":"docker"})"),
       "p.json: /seccomp/base: \"docker\" is not one of container, none"},
      {head(R"("seccomp":{"deny":["io-uring"]})"),
       "p.json: /seccomp/deny/0: \"io-uring\" is not the name of a system call"},
      {head(R"("seccomp":{"errno":"EIO"})"),
       "p.json: /seccomp/errno: \"EIO\" is not one of EPERM, EACCES, EINVAL, ENOENT, ENOSYS, "
       "EOPNOTSUPP"},
      {head(R"("seccomp":{"allow_only":["read","exit_group"]})"),
       "p.json: /seccomp/allow_only: lacks \"execve\", without which no program starts and ends; "
       "add it",
       false},
      {head(R"("seccomp":{"log":"all"})"), "p.json: /seccomp/log: must be an array, not string"},
      {head(R"("on_failure":"ignore")"),
       "p.json: /on_failure: \"ignore\" is not one of refuse, warn"},
      {head(R"("exec":{"allow":["sh"]})"), "p.json: /exec/allow/0: \"sh\" is not an absolute path"},
      {head(R"("exec":{"otherwise":"maybe"})"), "p.json: /exec/otherwise: \"maybe\" is not one of"},
      {head(R"("files":[{"path":"/etc/../x"}])"), "p.json: /files/0/path: \"/etc/../x\" is not a",
       false},
      {head(R"("files":[{}])"), "p.json: /files/0/path: is missing; name a file or directory"},
      {head(R"("files":[{"path":"/a","access":["run"]}])"),
       "p.json: /files/0/access/0: \"run\" is not one of read, write"},
      {head(R"("files":[{"path":"/a","access":[]}])"), "p.json: /files/0/access: is empty"},
      {head(R"("files":[{"path":"/a"},{"path":"/a"}])"),
       "p.json: /files/1/path: \"/a\" has a rule already; put both into one", false},
      {head(R"("files":[{"path":"/a","severity":"bad"}])"),
       "p.json: /files/0/severity: \"bad\" is not one of emergency, alert"},
      {head(R"("network":{"connect":{"allow":["example.org:80"]}})"),
       "p.json: /network/connect/allow/0: \"example.org:80\" is no address", false},
      {head(R"("network":{"listen":{"allow":[70000]}})"),
       "p.json: /network/listen/allow/0: is not a port"},
      {head(R"("network":{"send":{}})"), "p.json: /network/send: is not a known key"},
      {head(R"("capabilities":{"allow":["NET_RAW"]})"),
       "p.json: /capabilities/allow/0: \"NET_RAW\" is not a capability"},
      {head(R"("process":{"fork":"deny"})"), "p.json: /process/fork: is not a known key"},
      {head(R"("admit":{"privileged":"kill"})"),
       "p.json: /admit/privileged: \"kill\" is not one of off, alert, deny"},
      {head(R"("admit":{"privilege":"deny"})"), "p.json: /admit/privilege: is not a known key"},
      {head(R"("admit":{"mounts":{"deny":["var"]}})"),
       "p.json: /admit/mounts/deny/0: \"var\" is not an absolute path"},
      {head(R"("exec_into":{"action":"kill"})"),
       "p.json: /exec_into/action: \"kill\" is not one of off, record, alert, deny"},
      {head(R"("exec_into":{"allow":["sh"]})"),
       "p.json: /exec_into/allow/0: \"sh\" is not an absolute path"},
      {head(R"("respond":{"critical":"thaw"})"),
       "p.json: /respond/critical: \"thaw\" is not one of alert, kill-process, isolate, freeze, "
       "kill-container"},
      {head(R"("respond":{"grave":"freeze"})"), "p.json: /respond/grave: is not a known key"},
      {head(R"("exceptions":[{"class":"file.sensitive"}])"),
       "p.json: /exceptions/0/reason: is missing; say why"},
      {head(R"("exceptions":[{"class":"file.sensitive","reason":""}])"),
       "p.json: /exceptions/0/reason: must have 1 to 256 bytes"},
      {head(R"("exceptions":[{"class":"files.*","reason":"x"}])"),
       "p.json: /exceptions/0/class: \"files.*\" fits no class of event", false},
      {head(R"("exceptions":[{"exe":"nginx","reason":"x"}])"),
       "p.json: /exceptions/0/exe: \"nginx\" fits no absolute path"},
      {head(R"("exceptions":[{"reason":"x"}])"),
       "p.json: /exceptions/0: would fit every alert; name a class, an exe or a path"},
  };
}

TEST(Profile, BadOnesAreRefusedByNameAndPlace) {
  for (const Bad& bad : bad_profiles()) {
    const Result<Profile> profile = parse_profile(bad.json, "p.json");
    ASSERT_FALSE(profile.ok()) << bad.json;
    EXPECT_EQ(profile.error().message.substr(0, bad.error.size()), bad.error);
  }
}

TEST(Profile, TooManyWritablePathsAreRefused) {
  std::string paths;
  for (int i = 0; i < 257; ++i) {
    paths += (i == 0 ? "\"/a" : ",\"/a") + std::to_string(i) + "\"";
  }
  const Result<Profile> profile =
      parse_profile(head("\"rootfs\":{\"writable\":[" + paths + "]}"), "p.json");
  ASSERT_FALSE(profile.ok());
  EXPECT_EQ(profile.error().message,
            "p.json: /rootfs/writable: has more than 256 paths; name a directory above them");
}

TEST(Profile, SizeAndDoubleKeysAreRefused) {
  EXPECT_FALSE(parse_profile(std::string(300'000, ' ') + head(), "p.json").ok());
  const Result<Profile> twice = parse_profile(head(R"("mode":"enforce","mode":"off")"), "p.json");
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().message, "p.json gives the key \"mode\" twice in one object; remove one");
}

// Each with the file, the place and what to do.
TEST(Profile, HostileOnesAreRefused) {
  const std::string many = [] {
    std::string names;
    for (int i = 0; i < 1025; ++i) {
      names += i == 0 ? "\"read\"" : ",\"read\"";
    }
    return names;
  }();
  const std::string globs = [] {
    std::string list;
    for (int i = 0; i < 257; ++i) {
      list += i == 0 ? "\"*\"" : ",\"*\"";
    }
    return list;
  }();
  const std::pair<std::string, std::string> cases[] = {
      {std::string(10'000'000, ' ') + head(), "p.json is larger than 262144 bytes"},
      {head("\"rootfs\":" + std::string(1000, '[') + std::string(1000, ']')),
       "p.json nests deeper than 16 levels"},
      {head("\"files\":[" + std::string(200'000, '[')), "p.json nests deeper than 16 levels"},
      {head(R"("rootfs":{"guard":"off","guard":"enforce"})"),
       "p.json gives the key \"guard\" twice in one object; remove one"},
      {head("\"match\":{\"images\":[\"" + std::string(1025, '*') + "\"]}"),
       "p.json: /match/images/0: is longer than 1024 bytes, which no image reference is; shorten "
       "it by a '*'"},
      {head("\"match\":{\"images\":[" + globs + "]}"),
       "p.json: /match/images: has more than 256 globs"},
      {head("\"seccomp\":{\"deny\":[" + many + "]}"),
       "p.json: /seccomp/deny: has more than 1024 items; remove some"},
      {head(R"("capabilities":{"allow":["CAP_CHOWN","CAP_EVERYTHING"]})"),
       "p.json: /capabilities/allow/1: \"CAP_EVERYTHING\" is not a capability; write it as in "
       "capabilities(7), \"CAP_NET_BIND_SERVICE\""},
      {head(R"("exec":{"allow":["/usr/bin/../sbin/x"]})"),
       "p.json: /exec/allow/0: \"/usr/bin/../sbin/x\" is not a clean path; write "
       "\"/usr/sbin/x\""},
      {head(R"("files":[{"path":"/.."}])"),
       "p.json: /files/0/path: \"/..\" is not a clean path; write \"/\""},
      {head(R"("exec":{"allow":["/a\u001b[2J"]})"),
       "p.json: /exec/allow/0: \"/a?[2J\" holds a control character; remove it"},
  };
  for (const auto& [json, error] : cases) {
    const Result<Profile> profile = parse_profile(json, "p.json");
    ASSERT_FALSE(profile.ok()) << error;
    EXPECT_EQ(profile.error().message.substr(0, error.size()), error);
  }
}

// Wherever a word of the profile is quoted, a long one is cut before what to do about it.
TEST(Profile, ErrorsAreShortWhateverTheInput) {
  const std::string word = "\"" + std::string(60'000, 'w') + "\"";
  const std::string path = "\"/" + std::string(60'000, 'w') + "/../x\"";
  for (const std::string& json : {"{\"schema\":" + word + ",\"name\":\"p\"}",
                                  "{\"schema\":\"holdfast.profile/v1\",\"name\":" + word + "}",
                                  head(word + ":1"),
                                  head("\"extends\":" + word),
                                  head("\"mode\":" + word),
                                  head("\"on_failure\":" + word),
                                  head("\"match\":{\"images\":[" + word + "]}"),
                                  head("\"rootfs\":{\"guard\":" + word + "}"),
                                  head("\"rootfs\":{" + word + ":1}"),
                                  head("\"rootfs\":{\"writable\":[" + word + "]}"),
                                  head("\"rootfs\":{\"writable\":[" + path + "]}"),
                                  head("\"escape\":{\"action\":" + word + "}"),
                                  head("\"escape\":{\"allow\":[" + word + "]}"),
                                  head("\"seccomp\":{\"errno\":" + word + "}"),
                                  head("\"seccomp\":{\"deny\":[\"-" + word.substr(1) + "]}"),
                                  head("\"exec\":{\"allow\":[" + path + "]}"),
                                  head("\"files\":[{\"path\":" + path + "}]"),
                                  head("\"files\":[{\"path\":\"/a\",\"access\":[" + word + "]}]"),
                                  head("\"files\":[{\"path\":\"/a\",\"severity\":" + word + "}]"),
                                  head("\"network\":{\"connect\":{\"allow\":[" + word + "]}}"),
                                  head("\"capabilities\":{\"allow\":[" + word + "]}")}) {
    const Result<Profile> profile = parse_profile(json, "p.json");
    ASSERT_FALSE(profile.ok()) << json.substr(0, 100);
    EXPECT_LT(profile.error().message.size(), 1000U) << profile.error().message.substr(0, 100);
  }
}

TEST(Schema, RefusesWhatTheDecoderRefuses) {
  for (const Bad& bad : bad_profiles()) {
    const nlohmann::json document = base::parse_json(bad.json, "p.json").value();
    const std::vector<Error> problems = check_schema(profile_schema(), document, "p.json");
    EXPECT_EQ(!problems.empty(), bad.schema_sees_it) << bad.json;
  }
}

TEST(Schema, SaysFileAndPointer) {
  const nlohmann::json document =
      base::parse_json(head(R"("rootfs":{"guard":"on"})"), "p.json").value();
  const std::vector<Error> problems = check_schema(profile_schema(), document, "p.json");
  ASSERT_FALSE(problems.empty());
  bool found = false;
  for (const Error& problem : problems) {
    found = found || problem.message.find("p.json: /rootfs/guard: does not fit the schema") == 0;
  }
  EXPECT_TRUE(found) << problems.front().message;
}

TEST(Schema, OfTheConfigurationAgreesWithItsReader) {
  const std::pair<const char*, bool> cases[] = {
      {"{}", true},
      {R"({"runtime":"/usr/bin/runc","monitor":{"socket":"/s","linger_s":5},
           "profiles":{"path":["/p"]},"annotations":{"allow":["mode"]},
           "defaults":{"profile":"strict","on_failure":"warn"}})",
       true},
      {R"({"noise":{"burst":1,"per_minute":1000000}})", true},
      {R"({"monitor":{"rotate":{"max_bytes":0,"max_age_s":86400,"keep":1},"fsync":"alerts"}})",
       true},
      {R"({"monitor":{"rotate":{"max_bytes":-1}}})", false},
      {R"({"monitor":{"rotate":{"keep":10001}}})", false},
      {R"({"monitor":{"rotate":{"keep":0}}})", false},
      {R"({"monitor":{"rotate":{"size":1}}})", false},
      {R"({"monitor":{"fsync":"sometimes"}})", false},
      {R"({"monitor":{"fsync":true}})", false},
      {R"({"noise":{"records_burst":1,"records_per_minute":1000000}})", true},
      {R"({"noise":{"records_burst":0}})", false},
      {R"({"noise":{"burst":0}})", false},
      {R"({"noise":{"per_minute":1000001}})", false},
      {R"({"noise":{"per_hour":6}})", false},
      {R"({"runtim":"/x"})", false},
      {R"({"runtime":"runc"})", false},
      {R"({"monitor":{"sock":"/x"}})", false},
      {R"({"monitor":{"linger_s":-1}})", false},
      {R"({"monitor":{"linger_s":"1"}})", false},
      {R"({"profiles":{"path":"/x"}})", false},
      {R"({"annotations":{"allow":["all"]}})", false},
      {R"({"defaults":{"profile":"A"}})", false},
      {R"({"defaults":{"on_failure":"maybe"}})", false},
  };
  for (const auto& [text, good] : cases) {
    const nlohmann::json document = base::parse_json(text, "holdfast.json").value();
    EXPECT_EQ(check_schema(config_schema(), document, "holdfast.json").empty(), good) << text;
    EXPECT_EQ(parse_config(text, "holdfast.json").ok(), good) << text;
  }
}

TEST(Config, ReadsWhatIsGivenAndKeepsTheRest) {
  const Config config =
      parse_config(R"({"monitor":{"alerts":"/a"},"annotations":{"allow":[]}})", "h").value();
  EXPECT_EQ(config.monitor.alerts, "/a");
  EXPECT_EQ(config.monitor.socket, "/run/holdfast/monitor.sock");
  EXPECT_TRUE(config.annotations_allow.empty());
  EXPECT_EQ(Config{}.annotations_allow, (std::set<std::string>{"image", "profile"}));
}

TEST(Config, ErrorsNamePlaceAndRemedy) {
  EXPECT_EQ(
      parse_config(R"({"monitor":{"alert":"/a"}})", "/etc/holdfast/holdfast.json").error().message,
      "/etc/holdfast/holdfast.json: /monitor/alert: is not a known key; known here: socket, "
      "binary, alerts, pin_dir, incidents, linger_s, rotate, fsync, hash_executables");
  EXPECT_EQ(parse_config(R"({"annotations":{"allow":["x"]}})", "h").error().message,
            "h: /annotations/allow/0: \"x\" is no annotation that loosens; known: profile, mode, "
            "rootfs.writable, image, respond, run.oci.seccomp");
  EXPECT_EQ(parse_config(R"({"profiles":{"path":["a"]}})", "h").error().message,
            "h: /profiles/path/0: \"a\" is not an absolute path without \".\", \"..\" and double "
            "slashes");
}

TEST(Config, AMissingFileIsTheDefaults) {
  EXPECT_EQ(load_config("/nonexistent/holdfast.json").value().default_profile, "default");
}

TEST(Config, DirectoriesAreTheAdministratorsFirst) {
  Config config;
  config.profile_paths = {"/srv/profiles", "/etc/holdfast/profiles.d"};
  const std::vector<std::string> directories = profile_directories(config);
  EXPECT_EQ(directories[0], "/etc/holdfast/profiles.d");
  EXPECT_EQ(directories[1], "/srv/profiles");
  EXPECT_EQ(directories.back(), "/usr/share/holdfast/profiles");
  config.user_profiles = "/home/u/.config/holdfast/profiles.d";
  EXPECT_EQ(profile_directories(config)[2], config.user_profiles);
}

}  // namespace
}  // namespace holdfast::profile
