// Events a second that one core takes from the kernel's bytes to lines in a file: all that the
// monitor does but for looking at /proc, whose processes a replay does not have. Prints a line a
// stage, or of the one that is named: what that takes is then told by counting the instructions of
// two runs with different numbers of events.
//
//   events DIRECTORY [EVENTS [decode|judge|line|file]]
#include <sys/resource.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "src/base/clock.h"
#include "src/detect/behaviour.h"
#include "src/detect/budget.h"
#include "src/detect/detect.h"
#include "src/detect/exceptions.h"
#include "src/event/decode.h"
#include "src/event/recall.h"
#include "src/event/redact.h"
#include "src/monitor/counters.h"
#include "src/sink/file.h"
#include "src/sink/json.h"

namespace {

using namespace holdfast;

struct Kind {
  hf_class class_id;
  hf_operation operation;
  hf_action action;
  const char* path;
  const char* exe;
  const char* arguments;  // with a space for each zero byte
};

// What containers that are at work send: mostly records.
constexpr std::array<Kind, 8> kKinds = {{
    {HF_ROOTFS_CREATE, HF_OP_CREATE, HF_RECORD, "/tmp/sess_4d2f", "/usr/sbin/php-fpm8.2",
     "php-fpm: pool www"},
    {HF_ROOTFS_DELETE, HF_OP_UNLINK, HF_RECORD, "/tmp/sess_4d2f", "/usr/sbin/php-fpm8.2",
     "php-fpm: pool www"},
    {HF_ROOTFS_WRITE, HF_OP_OPEN, HF_RECORD, "/var/log/nginx/access.log", "/usr/sbin/nginx",
     "nginx: worker process"},
    {HF_EXEC_UNEXPECTED, HF_OP_EXEC, HF_RECORD, "/usr/bin/curl", "/usr/bin/curl",
     "curl -sf http://127.0.0.1:8080/healthz"},
    {HF_ROOTFS_CREATE, HF_OP_CREATE, HF_ALERT, "/srv/app/cache/index-0001.dat",
     "/usr/local/bin/node", "node server.js"},
    {HF_FILE_SENSITIVE, HF_OP_OPEN, HF_ALERT, "/etc/shadow", "/usr/bin/su", "su - app"},
    {HF_ROOTFS_RENAME, HF_OP_RENAME, HF_RECORD,
     "/var/cache/nginx/5/2c/b7f54b2df7773722d382f4809d65029c", "/usr/sbin/nginx",
     "nginx: cache manager process"},
    {HF_DRIFT_EXEC, HF_OP_EXEC, HF_ALERT, "/tmp/x", "/tmp/x", "/tmp/x --quiet"},
}};

std::string record_of(const Kind& kind, std::uint64_t number) {
  hf_event raw{};
  raw.time_ns = base::boot_now_ns();
  raw.class_id = kind.class_id;
  raw.operation = kind.operation;
  raw.action = kind.action;
  raw.outcome = HF_OUTCOME_SEEN;
  raw.object_ino = number;
  raw.object_mode = 0100644;
  raw.object_magic = 0x794c7630;
  raw.cap_effective = 0xa80425fb;  // Docker's and podman's
  raw.slot = 1;
  raw.tgid = raw.pid = static_cast<__u32>(1000 + number % 30000);
  raw.ppid = 999;
  raw.count = 1;
  const std::string path = kind.path;
  const std::string exe = kind.exe;
  std::string arguments = kind.arguments;
  for (char& c : arguments) {
    c = c == ' ' ? '\0' : c;
  }
  arguments += '\0';
  raw.path_len = static_cast<__u16>(path.size());
  raw.exe_len = static_cast<__u16>(exe.size());
  raw.args_len = static_cast<__u16>(arguments.size());
  std::memcpy(raw.comm, "program", 7);
  std::string bytes(reinterpret_cast<const char*>(&raw), offsetof(hf_event, text));  // NOLINT
  return bytes + path + exe + arguments;
}

double cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Of how much of the way.
struct Wanted {
  std::size_t count;
  std::string_view stage;  // "": each
};

template <typename Work>
void measure(const char* stage, const Wanted& wanted, Work work) {
  const std::size_t count = wanted.count;
  if (!wanted.stage.empty() && wanted.stage != stage) {
    return;
  }
  const double before = cpu_s();
  for (std::size_t i = 0; i < count; ++i) {
    work(i);
  }
  const double spent = cpu_s() - before;
  fmt::print("{:<8} {:>10.0f} events/s of CPU time\n", stage, static_cast<double>(count) / spent);
}

// As event::ProcessReader does for a process that has ended.
event::Process process_of(event::Event& event) {
  event::Process process;
  process.pid = static_cast<pid_t>(event.tgid);
  process.ppid = static_cast<pid_t>(event.ppid);
  process.caps = event.cap_effective;
  process.comm = event.comm;
  process.exe = event.exe;
  process.argv = event::redact(std::move(event.argv));
  process.gone = true;
  return process;
}

int run(const std::string& directory, const Wanted& wanted) {
  auto sink = sink::FileSink::open(directory + "/alerts.jsonl");
  if (!sink.ok()) {
    fmt::print(stderr, "events: {}\n", sink.error().message);
    return 1;
  }
  std::vector<std::string> records;
  for (std::size_t i = 0; i < 1024; ++i) {
    records.push_back(record_of(kKinds.at(i % kKinds.size()), i));
  }
  detect::Container container;
  container.id = std::string(64, 'a');
  container.name = "shop-frontend";
  container.image = "registry.example.org/shop/frontend:2024.11";
  container.profile = "default";
  container.engine = "podman";
  container.bundle = "/var/lib/containers/storage/overlay-containers/aaaa/userdata";
  detect::Context context;
  context.backend = "lsm";
  context.host = "node-17";
  context.container = std::make_shared<const detect::Container>(container);
  context.boot_to_real_ns = base::boot_to_real_ns();
  const std::vector<profile::Exception> exceptions;
  detect::Budget budget({{20, 6}, {1'000'000, 1'000'000}});

  const auto decoded = [&records](std::size_t i) {
    const std::string& bytes = records[i % records.size()];
    return event::decode(bytes.data(), bytes.size());
  };
  event::Recall recall;
  detect::Behaviour behaviour;
  monitor::Counters counters;
  std::uint64_t now_ns = base::boot_now_ns();
  // As monitor::Pipeline does it.
  const auto judged = [&](std::size_t i) {
    Result<event::Event> taken = decoded(i);
    event::Event& event = taken.value();
    const hf_ring ring = event.action >= HF_ALERT ? HF_RING_ALERTS : HF_RING_RECORDS;
    counters.taken(ring);
    recall.moved(event);
    if (ring == HF_RING_ALERTS) {
      recall.note(event);
    }
    const std::uint64_t time_ns = event.time_ns;
    event::Process process = process_of(event);
    detect::Alert alert = detect::detect(std::move(event), std::move(process), context);
    detect::apply_exceptions(exceptions, alert);
    behaviour.judge(alert, time_ns);
    (void)budget.apply(alert, 1, now_ns);
    alert.origin = {monitor::kRingNames.at(ring), 1, i};
    counters.line(alert, now_ns);
    return alert;
  };
  std::size_t bytes = 0;
  measure("decode", wanted, [&](std::size_t i) { bytes += decoded(i).value().path.size(); });
  measure("judge", wanted, [&](std::size_t i) { bytes += judged(i).message.size(); });
  measure("line", wanted, [&](std::size_t i) { bytes += sink::to_json(judged(i)).size(); });
  measure("file", wanted, [&](std::size_t i) {
    if (sink.value().room() == 0) {
      sink.value().flush(0);
      now_ns = base::boot_now_ns();
      context.boot_to_real_ns = base::boot_to_real_ns();
    }
    sink.value().add(judged(i));
    bytes += sink.value().waiting();
  });
  sink.value().flush(0);
  return bytes == 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: events DIRECTORY [EVENTS [STAGE]]\n");
    return 2;
  }
  return run(argv[1],
             {argc > 2 ? strtoul(argv[2], nullptr, 10) : 200'000, argc > 3 ? argv[3] : ""});
}
