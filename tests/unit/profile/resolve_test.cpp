#include "src/profile/resolve.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "src/oci/filter.h"
#include "src/profile/lint.h"
#include "tests/unit/cpu_time.h"

namespace holdfast::profile {
namespace {

// A file system of profiles in memory.
struct Files {
  std::map<std::string, std::string> content;

  void add(const std::string& path, const std::string& rest = "") {
    const std::string file = path.substr(path.rfind('/') + 1);
    content[path] = R"({"schema":"holdfast.profile/v1","name":")" +
                    file.substr(0, file.size() - 5) + "\"" + (rest.empty() ? "" : "," + rest) + "}";
  }

  [[nodiscard]] Source source() const {
    const auto read = [this](const std::string& path) -> Result<std::optional<std::string>> {
      const auto found = content.find(path);
      return found == content.end() ? std::nullopt : std::optional(found->second);
    };
    const auto list = [this](const std::string& directory) -> Result<std::vector<std::string>> {
      std::vector<std::string> names;
      for (const auto& [path, text] : content) {
        if (path.starts_with(directory + "/")) {
          names.push_back(path.substr(directory.size() + 1));
        }
      }
      return names;
    };
    return Source{{"/etc/p", "/usr/p"}, read, list};
  }
};

Files shipped() {
  Files files;
  files.add("/usr/p/default.json", R"("rootfs":{"writable":["/tmp"]},"on_failure":"warn")");
  files.add("/usr/p/immutable.json",
            R"("extends":"default","rootfs":{"guard":"enforce"},"on_failure":"refuse")");
  files.add("/usr/p/nginx.json",
            R"("extends":"immutable","match":{"images":["docker.io/library/nginx:*"]})");
  files.add("/usr/p/off.json", R"("mode":"off")");
  return files;
}

std::string error_of(const Files& files, const Config& config,
                     const oci::Annotations& annotations) {
  const Result<Resolved> resolved = resolve(files.source(), config, annotations);
  return resolved.ok() ? "" : resolved.error().message;
}

TEST(Resolve, WithoutAnythingItIsTheDefault) {
  const Resolved resolved = resolve(shipped().source(), {}, {}).value();
  EXPECT_EQ(resolved.profile.name, "default");
  EXPECT_EQ(resolved.on_failure, OnFailure::kWarn);
}

TEST(Resolve, TheConfigurationNamesTheDefault) {
  Config config;
  config.default_profile = "immutable";
  EXPECT_EQ(resolve(shipped().source(), config, {}).value().profile.name, "immutable");
}

TEST(Resolve, ThePodsAnnotationDoesNotChooseForThePauseContainer) {
  const oci::Annotations annotations = {{"io.holdfast.profile", "immutable"},
                                        {"io.kubernetes.cri.container-type", "sandbox"}};
  EXPECT_EQ(resolve(shipped().source(), {}, annotations).value().profile.name, "default");
  EXPECT_TRUE(is_deciding("io.kubernetes.cri.container-type", "sandbox"));
  EXPECT_FALSE(is_deciding("io.kubernetes.cri.container-type", "container"));
}

TEST(Resolve, ThePauseContainerIsRefusedWhereThePodsAnnotationNamesNoProfile) {
  EXPECT_NE(error_of(shipped(), {},
                     {{"io.holdfast.profile", "nosuch"},
                      {"io.kubernetes.cri.container-type", "sandbox"}}),
            "");
}

TEST(Resolve, TheAnnotationChooses) {
  const Resolved resolved =
      resolve(shipped().source(), {}, {{"io.holdfast.profile", "immutable"}}).value();
  EXPECT_EQ(resolved.profile.name, "immutable");
  EXPECT_EQ(resolved.profile.rootfs.guard, RootfsGuard::kEnforce);
  EXPECT_EQ(resolved.profile.rootfs.writable, std::vector<std::string>{"/tmp"}) << "inherited";
  EXPECT_EQ(resolved.on_failure, OnFailure::kRefuse);
}

TEST(Resolve, TheImageChooses) {
  const oci::Annotations annotations = {
      {"io.kubernetes.cri.image-name", "docker.io/library/nginx:1.25"}};
  const Resolved resolved = resolve(shipped().source(), {}, annotations).value();
  EXPECT_EQ(resolved.profile.name, "nginx");
  EXPECT_EQ(resolved.profile.rootfs.guard, RootfsGuard::kEnforce) << "through two parents";
  EXPECT_EQ(resolved.image, "docker.io/library/nginx:1.25");
  EXPECT_EQ(resolve(shipped().source(), {}, {{"io.holdfast.image", "docker.io/library/nginx:2"}})
                .value()
                .profile.name,
            "nginx");
  EXPECT_EQ(resolve(shipped().source(), {}, {{"io.holdfast.image", "docker.io/library/redis:2"}})
                .value()
                .profile.name,
            "default");
}

TEST(Resolve, MatchIsNotInherited) {
  Files files = shipped();
  files.add("/usr/p/a.json", R"("extends":"nginx")");
  EXPECT_EQ(resolve(files.source(), {}, {{"io.holdfast.image", "docker.io/library/nginx:2"}})
                .value()
                .profile.name,
            "nginx");
}

TEST(Resolve, AnEarlierDirectoryHidesALaterOne) {
  Files files = shipped();
  files.add("/etc/p/nginx.json", R"("mode":"off")");
  EXPECT_EQ(resolve(files.source(), {}, {{"io.holdfast.image", "docker.io/library/nginx:2"}})
                .value()
                .profile.name,
            "default");
  EXPECT_EQ(resolve(files.source(), {}, {{"io.holdfast.profile", "nginx"}}).value().profile.mode,
            Mode::kOff);
}

TEST(Resolve, APathMustLieBelowAProfileDirectory) {
  const Files files = shipped();
  EXPECT_EQ(error_of(files, {}, {{"io.holdfast.profile", "/usr/p/immutable.json"}}), "");
  for (const char* path : {"/tmp/evil.json", "/usr/p/../evil.json", "/usr/px/a.json", "/usr/p"}) {
    EXPECT_NE(error_of(files, {}, {{"io.holdfast.profile", path}})
                  .find("does not lie below a profile directory (/etc/p, /usr/p)"),
              std::string::npos)
        << path;
  }
}

TEST(Resolve, AnUnknownProfileNamesTheDirectories) {
  EXPECT_EQ(error_of(shipped(), {}, {{"io.holdfast.profile", "nope"}}),
            "annotation io.holdfast.profile: there is no profile \"nope\"; looked for nope.json in "
            "/etc/p, /usr/p; known: default, immutable, nginx, off; put it into one of these "
            "directories, or add its own to profiles.path in /etc/holdfast/holdfast.json");
  EXPECT_NE(
      error_of(shipped(), {}, {{"io.holdfast.profile", "../x"}}).find("is not a profile's name"),
      std::string::npos);
}

TEST(Resolve, ABadProfileIsAnErrorAndNotTheDefault) {
  Files files = shipped();
  files.content["/usr/p/default.json"] = "{";
  EXPECT_NE(error_of(files, {}, {}).find("/usr/p/default.json is not JSON"), std::string::npos);
}

TEST(Resolve, AFileOfAnotherNameIsRefused) {
  Files files = shipped();
  files.content["/usr/p/other.json"] = files.content["/usr/p/off.json"];
  EXPECT_EQ(error_of(files, {}, {{"io.holdfast.profile", "other"}}),
            "annotation io.holdfast.profile: /usr/p/other.json: /name: \"off\" is not the file's "
            "name; write \"other\" or rename the file");
}

TEST(Resolve, UnknownAnnotationsOfOursAreErrors) {
  EXPECT_EQ(error_of(shipped(), {}, {{"io.holdfast.profil", "x"}}),
            "annotation io.holdfast.profil is not known; known: io.holdfast.profile, "
            "io.holdfast.mode, io.holdfast.rootfs.writable, io.holdfast.image, "
            "io.holdfast.respond");
  EXPECT_EQ(error_of(shipped(), {}, {{"io.holdfast.respond", "thaw"}}),
            "annotation io.holdfast.respond: \"thaw\" is not one of alert, kill-process, isolate, "
            "freeze, kill-container");
  EXPECT_EQ(error_of(shipped(), {}, {{"io.holdfastprofile", "x"}}), "") << "not ours";
}

TEST(Resolve, ResponseMayTightenButNotLoosen) {
  Files files;
  files.add("/usr/p/default.json", R"("respond":{"critical":"freeze","error":"kill-process"})");
  const oci::Annotations tighter = {{"io.holdfast.respond", "kill-container"}};
  const oci::Annotations looser = {{"io.holdfast.respond", "isolate"}};
  Config config;
  const Responses tightened = resolve(files.source(), config, tighter).value().profile.respond;
  EXPECT_EQ(tightened.at(kCriticalNumber), Response::kKillContainer);
  EXPECT_EQ(tightened.at(0), Response::kKillContainer) << "what is worse than critical";
  EXPECT_EQ(tightened.at(kCriticalNumber + 1), Response::kKillProcess) << "error";
  EXPECT_EQ(error_of(files, config, looser),
            "annotation io.holdfast.respond: weakens the response of profile default to critical "
            "alerts from freeze to isolate, which annotations may not do here; remove it, or add "
            "\"respond\" to annotations.allow in /etc/holdfast/holdfast.json");
  config.annotations_allow.insert("respond");
  EXPECT_EQ(resolve(files.source(), config, looser).value().profile.respond.at(kCriticalNumber),
            Response::kIsolate);
}

TEST(Resolve, ModeMayTightenButNotLoosen) {
  Config config;
  EXPECT_EQ(error_of(shipped(), config, {{"io.holdfast.mode", "enforce"}}), "");
  EXPECT_EQ(error_of(shipped(), config, {{"io.holdfast.mode", "detect"}}),
            "annotation io.holdfast.mode: weakens mode enforce of profile default to detect, which "
            "annotations may not do here; remove it, or add \"mode\" to annotations.allow in "
            "/etc/holdfast/holdfast.json");
  const oci::Annotations tighter = {{"io.holdfast.profile", "off"},
                                    {"io.holdfast.mode", "enforce"}};
  EXPECT_EQ(resolve(shipped().source(), config, tighter).value().profile.mode, Mode::kEnforce);
  config.annotations_allow.insert("mode");
  EXPECT_EQ(resolve(shipped().source(), config, {{"io.holdfast.mode", "off"}}).value().profile.mode,
            Mode::kOff);
  EXPECT_NE(error_of(shipped(), config, {{"io.holdfast.mode", "learn"}}).find("not supported"),
            std::string::npos);
}

TEST(Resolve, WritablePathsNeedLeaveUnlessTheyChangeNothing) {
  Config config;
  EXPECT_EQ(error_of(shipped(), config, {{"io.holdfast.rootfs.writable", "/tmp/x,/tmp"}}), "");
  EXPECT_EQ(error_of(shipped(), config, {{"io.holdfast.rootfs.writable", "/tmp,/tmpx"}}),
            "annotation io.holdfast.rootfs.writable: makes /tmpx writable, which annotations may "
            "not do here; remove it, or add \"rootfs.writable\" to annotations.allow in "
            "/etc/holdfast/holdfast.json");
  config.annotations_allow.insert("rootfs.writable");
  const Resolved resolved =
      resolve(shipped().source(), config, {{"io.holdfast.rootfs.writable", "/a,/b"}}).value();
  EXPECT_EQ(resolved.profile.rootfs.writable, (std::vector<std::string>{"/tmp", "/a", "/b"}));
  for (const char* bad : {"", "/a,", "a", "/a/", "/a b\n"}) {
    EXPECT_NE(error_of(shipped(), config, {{"io.holdfast.rootfs.writable", bad}}), "") << bad;
  }
}

// Annotations come from whoever starts the container; podman and Kubernetes pass any length.
TEST(Resolve, AnnotationsOf64KilobytesAreRefusedShortly) {
  Config config;
  config.annotations_allow = {"profile", "mode", "rootfs.writable", "image"};
  const std::string word(std::size_t{64} * 1024, 'x');
  std::string paths = "/0";
  for (int i = 1; paths.size() < 16'000; ++i) {
    paths += ",/" + std::to_string(i);
  }
  const std::pair<oci::Annotations, std::string> cases[] = {
      {{{"io.holdfast.profile", word}}, "annotation io.holdfast.profile: \"xxx"},
      {{{"io.holdfast.profile", "/usr/p/" + word}},
       "annotation io.holdfast.profile: profile /usr/p/xxx"},
      {{{"io.holdfast.mode", word}}, "annotation io.holdfast.mode: \"xxx"},
      {{{"io.holdfast.image", word}},
       "the container has an image reference of more than 1024 bytes, \"xxx"},
      {{{"org.opencontainers.image.ref.name", word}},
       "the container has an image reference of more than 1024 bytes, \"xxx"},
      {{{"io.holdfast.rootfs.writable", "/" + word}},
       "annotation io.holdfast.rootfs.writable: is longer than 16384 bytes; name directories above "
       "its paths"},
      {{{"io.holdfast.rootfs.writable", paths}},
       "annotation io.holdfast.rootfs.writable: makes more than 256 paths writable; name a "
       "directory above them"},
      {{{"io.holdfast." + word, "y"}}, "annotation io.holdfast.xxx"},
  };
  for (const auto& [annotations, said] : cases) {
    const std::string error = error_of(shipped(), config, annotations);
    EXPECT_EQ(error.substr(0, said.size()), said);
    EXPECT_LT(error.size(), 1000U);
  }
  EXPECT_EQ(error_of(shipped(), config, {{"kubectl.kubernetes.io/last-applied", word}}), "")
      << "not ours";
}

TEST(Resolve, ErrorsAreOneLineWhateverTheAnnotation) {
  EXPECT_EQ(error_of(shipped(), {}, {{"io.holdfast.\x1b[2J\nx", ""}})
                .find("annotation "
                      "io.holdfast.?[2J?x "
                      "is not known"),
            0U);
  EXPECT_NE(error_of(shipped(), {}, {{"io.holdfast.profile", "a\nb"}}).find("\"a?b\" is not a"),
            std::string::npos);
}

// The longest glob and the longest image that are accepted.
TEST(Resolve, GlobsDoNotExplode) {
  std::string glob;
  while (glob.size() < 1022) {
    glob += "*a";
  }
  Files files = shipped();
  files.add("/etc/p/slow.json", "\"match\":{\"images\":[\"" + glob + "b\",\"x\"]}");
  const CpuTime time;
  EXPECT_EQ(error_of(files, {}, {{"io.holdfast.image", std::string(1024, 'a')}}), "");
  EXPECT_LT(time.seconds(), 1);
}

TEST(Resolve, AProfileForOtherImagesMayBeBroken) {
  Files files = shipped();
  files.add("/etc/p/broken.json", R"("match":{"images":["other:*"]},"rootfs":7)");
  EXPECT_EQ(error_of(files, {}, {{"io.holdfast.image", "docker.io/library/nginx:1"}}), "");
  EXPECT_NE(error_of(files, {}, {{"io.holdfast.image", "other:1"}}).find("/etc/p/broken.json"),
            std::string::npos);
  files.add("/etc/p/broken.json", R"("match":{"images":"other:*"})");
  EXPECT_NE(error_of(files, {}, {{"io.holdfast.image", "docker.io/library/nginx:1"}})
                .find("/etc/p/broken.json: /match/images"),
            std::string::npos);
}

TEST(Resolve, ProfileAndImageCanBeForbidden) {
  Config config;
  config.annotations_allow.clear();
  EXPECT_NE(error_of(shipped(), config, {{"io.holdfast.profile", "off"}})
                .find("add \"profile\" to annotations.allow"),
            std::string::npos);
  EXPECT_NE(error_of(shipped(), config, {{"io.holdfast.image", "x"}})
                .find("add \"image\" to annotations.allow"),
            std::string::npos);
}

TEST(Extends, ACircleIsRefused) {
  Files files;
  files.add("/usr/p/a.json", R"("extends":"b")");
  files.add("/usr/p/b.json", R"("extends":"a")");
  EXPECT_EQ(load_profile(files.source(), "a").error().message,
            "/usr/p/b.json: /extends: \"a\" extends itself in a circle; remove one \"extends\"");
}

TEST(Extends, ACircleIsRefusedHoweverItIsReached) {
  Files files;
  files.add("/usr/p/self.json", R"("extends":"self")");
  files.add("/usr/p/in.json", R"("extends":"self","match":{"images":["img"]})");
  const std::string circle =
      "/usr/p/self.json: /extends: \"self\" extends itself in a circle; remove one \"extends\"";
  EXPECT_EQ(error_of(files, {}, {{"io.holdfast.profile", "in"}}),
            "annotation io.holdfast.profile: " + circle);
  EXPECT_EQ(error_of(files, {}, {{"io.holdfast.image", "img"}}), circle);
  EXPECT_EQ(lint(files.source(), "/usr/p/in.json", {}).at(0).message, circle);
}

TEST(Extends, EightParentsAreFineNineAreNot) {
  Files files;
  files.add("/usr/p/p0.json");
  for (int i = 1; i <= 9; ++i) {
    files.add("/usr/p/p" + std::to_string(i) + ".json",
              "\"extends\":\"p" + std::to_string(i - 1) + "\"");
  }
  EXPECT_TRUE(load_profile(files.source(), "p8").ok());
  EXPECT_NE(load_profile(files.source(), "p9")
                .error()
                .message.find("more than 8 profiles extend each other; shorten the chain"),
            std::string::npos);
}

TEST(Extends, AMissingParentNamesTheChild) {
  Files files;
  files.add("/usr/p/a.json", R"("extends":"b")");
  EXPECT_EQ(
      load_profile(files.source(), "a").error().message,
      "/usr/p/a.json: /extends: there is no profile \"b\"; looked for b.json in /etc/p, "
      "/usr/p; known: a; put it into one of these directories, or add its own to profiles.path "
      "in /etc/holdfast/holdfast.json");
}

TEST(Lint, ChecksSyscallNamesAndParents) {
  Files files;
  files.add("/x/a.json", R"("extends":"b","seccomp":{"deny":["mount","mont"],"log":["zz"]})");
  const std::vector<Error> problems =
      lint(files.source(), "/x/a.json", [](const std::string& name) { return name == "mount"; });
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_EQ(problems[0].message.find("/x/a.json: /seccomp/deny/1: \"mont\" is no system call"), 0U);
  EXPECT_EQ(problems[1].message.find("/x/a.json: /seccomp/log/0: \"zz\" is no system call"), 0U);
  EXPECT_EQ(problems[2].message.find("/x/a.json: /extends: there is no profile \"b\""), 0U);
}

TEST(FilterAnnotations, AreRefusedUnlessTheAdministratorAllowsThem) {
  for (const char* annotation : oci::kFilterAnnotations) {
    const oci::Annotations annotations = {{annotation, "AAAA"}};
    const Status refused = check_filter_is_used({}, {}, annotations);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().message,
              "annotation " + std::string(annotation) +
                  ": lets crun replace or change the seccomp filter of the profile; remove it, or "
                  "add \"run.oci.seccomp\" to annotations.allow in /etc/holdfast/holdfast.json");
    Config allowing;
    allowing.annotations_allow = {"run.oci.seccomp"};
    EXPECT_TRUE(check_filter_is_used({}, allowing, annotations).ok());
    Profile detecting;
    detecting.mode = Mode::kDetect;
    EXPECT_TRUE(check_filter_is_used(detecting, {}, annotations).ok());
  }
}

TEST(Lint, TellsEveryBadPartAtOnce) {
  Files files;
  files.add("/x/a.json", R"("mode":"x","rootfs":{"guard":"y"},"respond":{"x":1})");
  EXPECT_EQ(lint(files.source(), "/x/a.json", {}).size(), 3U);
}

TEST(Lint, AFileThatIsNotThereIsSaid) {
  EXPECT_EQ(lint(Files{}.source(), "/x/a.json", {}).at(0).message,
            "there is no file /x/a.json; correct the path");
}

TEST(Lint, TheShippedProfilesAreRight) {
  const std::string directory = HOLDFAST_PROFILES;
  const Source source = file_source({directory});
  const std::vector<std::string> names = profile_names(source).value();
  EXPECT_EQ(names, (std::vector<std::string>{"build", "busybox", "default", "immutable", "nginx",
                                             "node", "postgres", "privileged-infrastructure",
                                             "python-web", "redis", "strict"}));
  for (const std::string& name : names) {
    for (const Error& problem : lint(source, directory + "/" + name + ".json", {})) {
      ADD_FAILURE() << problem.message;
    }
    EXPECT_TRUE(load_profile(source, name).ok());
  }
}

TEST(FileSource, ReadsDirectoriesAndToleratesMissingOnes) {
  const std::string root = testing::TempDir() + "hf-profiles-" + std::to_string(getpid());
  std::filesystem::create_directories(root);
  std::ofstream(root + "/default.json") << R"({"schema":"holdfast.profile/v1","name":"default"})";
  std::ofstream(root + "/README") << "not a profile";
  mkfifo((root + "/fifo.json").c_str(), 0600);
  const Source source = file_source({root + "/none", root});
  EXPECT_EQ(profile_names(source).value(), (std::vector<std::string>{"default", "fifo"}));
  EXPECT_EQ(load_profile(source, "default").value().name, "default");
  EXPECT_FALSE(load_profile(source, "fifo").ok()) << "and does not hang";
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace holdfast::profile
