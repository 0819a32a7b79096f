// The bytes of lines, from the kernel's record on: readers have lines of older versions beside
// them.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "src/detect/detect.h"
#include "src/event/decode.h"
#include "src/event/redact.h"
#include "src/sink/json.h"

namespace holdfast::sink {
namespace {

const detect::Container kWeb = {"0123456789abcdef", "web",    "docker.io/library/nginx:1",
                                "default",          "podman", "/b",
                                {{"k", "v"}}};

struct Texts {
  std::string path;
  std::string exe;
  std::string arguments;  // each ends with a zero byte
};

hf_event event_of(hf_class class_id, hf_operation operation) {
  hf_event raw{};
  raw.time_ns = 1'000'000'001;
  raw.class_id = class_id;
  raw.operation = operation;
  raw.action = HF_ALERT;
  raw.slot = 7;
  raw.tgid = 1234;
  raw.ppid = 1;
  raw.count = 1;
  std::memcpy(raw.comm, "program", 7);
  return raw;
}

std::string line_of(hf_event raw, const Texts& texts, detect::ContainerRef container) {
  raw.path_len = static_cast<__u16>(texts.path.size());
  raw.exe_len = static_cast<__u16>(texts.exe.size());
  raw.args_len = static_cast<__u16>(texts.arguments.size());
  std::string bytes(offsetof(hf_event, text), '\0');
  std::memcpy(bytes.data(), &raw, bytes.size());
  bytes += texts.path + texts.exe + texts.arguments;
  event::Event event = event::decode(bytes.data(), bytes.size()).value();
  event::Process process;
  process.pid = static_cast<pid_t>(event.tgid);
  process.ppid = static_cast<pid_t>(event.ppid);
  process.uid = event.uid;
  process.caps = event.cap_effective;
  process.comm = event.comm;
  process.exe = event.exe;
  process.argv = event::redact(std::move(event.argv));
  detect::Context context;
  context.backend = "lsm";
  context.host = "node-17";
  context.container = std::move(container);
  context.boot_to_real_ns = 1'709'251'198'000'000'000;
  detect::Alert alert = detect::detect(std::move(event), std::move(process), context);
  alert.origin = {"alerts", 3, 4096};
  Text text;
  LineWriter().add(text, alert, 42);
  return fmt::to_string(text);
}

TEST(Line, OfAnOrdinaryAlertIsTheseBytes) {
  hf_event raw = event_of(HF_ROOTFS_CREATE, HF_OP_CREATE);
  raw.object_ino = 77;
  raw.object_dev = 8U << 20 | 1;
  raw.object_mode = 0100644;
  raw.object_magic = 0x794c7630;
  raw.cap_effective = 0x21;
  raw.uid = 1000;
  EXPECT_EQ(
      line_of(raw, {"/srv/app/index.dat", "/usr/local/bin/node", {"node\0server.js\0", 15}},
              std::make_shared<const detect::Container>(kWeb)),
      R"({"seq":42,"time":"2024-02-29T23:59:59.000000001Z","kind":"alert",)"
      R"("class":"rootfs.create","severity":"warning","action":"alerted","count":1,)"
      R"("message":"node (pid 1234) in container web tried to create /srv/app/index.dat; allowed.)"
      R"( If it is ordinary, build it into the image, or put it on a volume or in rootfs.writable of the profile.",)"
      R"("container":{"id":"0123456789abcdef","name":"web",)"
      R"("image":"docker.io/library/nginx:1","profile":"default","engine":"podman",)"
      R"("bundle":"/b","annotations":{"k":"v"}},"process":{"pid":1234,"ppid":1,)"
      R"("comm":"program","exe":"/usr/local/bin/node","argv":["node","server.js"],)"
      R"("uid":1000,"gid":0,"caps":["CAP_CHOWN","CAP_KILL"],"ancestors":[],)"
      R"("layer":"image"},"object":{"operation":"create","path":"/srv/app/index.dat",)"
      R"("type":"file","mode":"0644","device":"8:1","inode":77,"filesystem":"overlay"},)"
      R"("mitre":["T1105"],"aliases":{"tracee":"dropped_executable"},"backend":"lsm",)"
      R"("host":"node-17","origin":{"queue":"alerts","epoch":3,"position":4096}})"
      "\n");
}

TEST(Line, OfTextsThatNeedEscapesIsTheseBytes) {
  hf_event raw = event_of(HF_DRIFT_EXEC, HF_OP_EXEC);
  raw.outcome = HF_OUTCOME_REFUSED;
  raw.result = 13;
  raw.flags = HF_EVENT_TRUNCATED;
  raw.count = 3;
  constexpr std::string_view kArguments("--token\0abc\0say \"x\"\0URL=http://u:p@h\0", 37);
  EXPECT_EQ(
      line_of(raw, {"caf\xc3\xa9/\"a\"\\\xff\n", "/t", std::string(kArguments)}, nullptr),
      R"({"seq":42,"time":"2024-02-29T23:59:59.000000001Z","kind":"alert",)"
      R"("class":"drift.exec","severity":"error","action":"alerted","count":3,)"
      R"("message":"t (pid 1234) in container of slot 7 tried to run …café/\"a\"\\x5c\\xff\\x0a,)"
      R"( which is not from the image; the kernel refused it (EACCES) (3 times).",)"
      R"("process":{"pid":1234,"ppid":1,"comm":"program","exe":"/t","argv":["--token",)"
      R"("[redacted]","say \"x\"","URL=http://u:[redacted]@h"],"uid":0,"gid":0,"caps":[],)"
      R"("ancestors":[],"layer":"image"},"object":{"operation":"exec",)"
      R"("path":"café/\"a\"\\x5c\\xff\\x0a","path_truncated":true,"result":"EACCES"},)"
      R"("mitre":["T1105","T1554"],)"
      R"("aliases":{"falco":"Drop and execute new binary in container",)"
      R"("tracee":"dropped_executable"},"backend":"lsm","host":"node-17",)"
      R"("origin":{"queue":"alerts","epoch":3,"position":4096}})"
      "\n");
}

TEST(Line, OfAConnectionIsTheseBytes) {
  hf_event raw = event_of(HF_NETWORK_UNEXPECTED, HF_OP_CONNECT);
  raw.outcome = HF_OUTCOME_DENIED;
  raw.family = 10;
  raw.port = 443;
  raw.protocol = 6;
  raw.address[15] = 1;
  EXPECT_EQ(
      line_of(raw, {"", "/usr/bin/curl", ""}, nullptr),
      R"({"seq":42,"time":"2024-02-29T23:59:59.000000001Z","kind":"alert",)"
      R"("class":"network.unexpected","severity":"warning","action":"denied","count":1,)"
      R"("message":"curl (pid 1234) in container of slot 7 tried to connect to [::1]:443; refused.",)"
      R"("process":{"pid":1234,"ppid":1,"comm":"program","exe":"/usr/bin/curl","uid":0,)"
      R"("gid":0,"caps":[],"ancestors":[],"layer":"image"},)"
      R"("object":{"operation":"connect","address":"::1","port":443,"protocol":"tcp"},)"
      R"("mitre":["T1071","T1095"],)"
      R"("aliases":{"falco":"Unexpected outbound connection destination"},)"
      R"("backend":"lsm","host":"node-17","origin":{"queue":"alerts","epoch":3,)"
      R"("position":4096}})"
      "\n");
}

}  // namespace
}  // namespace holdfast::sink
