// From the kernel to the file: decode, enrich, detect, write, and only then give back to the kernel
// what it was. So whenever we end, every event is either in the file or still in the kernel.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "src/base/result.h"
#include "src/detect/behaviour.h"
#include "src/detect/budget.h"
#include "src/detect/detect.h"
#include "src/detect/digest.h"
#include "src/event/process.h"
#include "src/event/recall.h"
#include "src/kernel/kernel.h"
#include "src/monitor/counters.h"
#include "src/monitor/recent.h"
#include "src/monitor/registry.h"
#include "src/sink/file.h"

namespace holdfast::monitor {

// The references must outlive it.
class Pipeline {
 public:
  Pipeline(kernel::Kernel& kernel, const Registry& registry, sink::FileSink& sink, std::string host,
           const detect::Rates& noise);

  // Takes what is in the rings, alerts first, at most one batch of the sink, and writes it. False
  // when there may be more.
  bool drain();

  // For the time when no program is attached any more: drain() until nothing is left, and what the
  // kernel was still counting. False when the file does not take it.
  bool finish();

  // Tells that `count` events of another version's maps, of the id `former`, are never read. Before
  // the first drain(). False when the file does not take it.
  bool tell_unread(std::uint64_t former, std::uint64_t count);

  // Tells what the config.json of a container that has just come in asks for.
  void tell_admissions(const Entry& entry);

  // Tells that `pid` is about to start a program in a container, or was refused that (`action`, as
  // profile::judge_exec has it).
  void tell_exec(const Entry& entry, const Exec& exec, int action, pid_t pid);

  // Tells that a container has another policy now.
  void tell_reload(const Entry& entry, const detect::Asker& by);

  // Tells what a container has executed.
  void tell_digest(const Entry& entry, const detect::Digest& digest);

  // Tells what was done about a container.
  void tell_response(const detect::Response& response, const detect::Container& container);

  // From now on every event of a known container is handed to `notice` before it is written: an
  // answer should not wait for a disk.
  using Notice = std::function<void(const detect::Alert&, const Entry&)>;
  void on_event(Notice notice) { notice_ = std::move(notice); }

  void set_noise(const detect::Rates& noise) { budget_.set_rates(noise); }

  [[nodiscard]] Counters& counters() { return counters_; }
  [[nodiscard]] const Recent& recent() const { return recent_; }
  // What was counted, and how rings and file stand.
  [[nodiscard]] Metrics metrics() const;

  // Whether events wait in the kernel that the file does not take now: then do not poll the rings.
  [[nodiscard]] bool blocked() const { return !sink_.idle(); }

  // A container has gone from the registry: the next drain() tells what was still counted of it.
  void container_gone();

  // Tells what containers were over their budgets by, and nobody was told yet: before the monitor
  // leaves, who alone knows.
  void tell_all_noise();

  // When to call drain() though the rings are quiet.
  [[nodiscard]] std::optional<std::uint64_t> deadline_ns() const;

 private:
  // What a line of the sink's batch stands for.
  struct Sent {
    hf_ring ring;
    std::uint64_t end;
  };
  struct Repeated {
    std::uint64_t position;
    bool counts_on;  // in a longer window
  };
  // Of what is in no map of ours: nothing.
  using Source = std::variant<std::monostate, Sent, Repeated, kernel::Loss>;
  struct Taken {
    Source source;
    bool has_line;
  };

  void skip_losses();
  // Of the batch, in bytes.
  [[nodiscard]] bool has_room(std::size_t besides) const;
  // Times are of the drain(): one look at the clock is enough for a batch.
  bool take_sent(std::uint64_t now_ns);
  bool take_next(hf_ring ring, std::uint64_t now_ns);
  // These two are false when the batch is full and there is more.
  bool take_losses(std::uint64_t now_ns);
  bool take_repeats(std::optional<std::uint64_t> now_ns);  // nothing: also what still counts
  bool look(std::uint64_t now_ns);
  bool look_for_noise(std::uint64_t now_ns, bool empty);
  bool take_noise(std::uint64_t now_ns, const detect::Budget::Ended& ended);
  void look_by(std::uint64_t time_ns);
  [[nodiscard]] bool is_guarded(std::uint32_t slot, std::uint32_t generation) const;
  void add_event(event::Event& event, Source source, detect::Origin origin, std::uint64_t now_ns);
  void add_unreadable(std::uint64_t count, Source source, detect::Origin origin,
                      std::uint64_t now_ns);
  void add(detect::Alert&& alert, Source source, detect::Origin origin, std::uint64_t now_ns);
  void keep_for_user(const detect::Alert& alert);
  void drop(const Source& source);
  // A line about what is in no map of the kernel. While the file takes nothing there is no end of
  // them: those that find no room are counted.
  void add_own(detect::Alert alert, detect::Origin origin, std::uint64_t now_ns);
  void add_asked(detect::Alert alert, detect::Origin origin, std::uint64_t now_ns);
  void add_within_budget(detect::Alert alert, detect::Origin origin, std::uint64_t now_ns);
  void tell_untold(std::uint64_t now_ns);
  // Of a line about what is in no map of the kernel: none has had it before.
  detect::Origin own_origin(const char* queue, std::uint64_t now_ns);
  // For a line that no event is behind: when it is, and what surrounds it.
  struct Own {
    std::uint64_t now_ns;
    detect::Context about;
  };
  Own begin_own(detect::ContainerRef container);
  void write(std::uint64_t now_ns);
  void give_back(const Source& source);
  void give_back(const Repeated& repeated);
  [[nodiscard]] detect::Context context() const;
  [[nodiscard]] bool is_told(const detect::Origin& origin) const;
  bool stands(event::Event& event, pid_t init, const Entry* entry) const;

  kernel::Kernel& kernel_;
  const Registry& registry_;
  sink::FileSink& sink_;
  event::ProcessReader processes_;
  std::string host_;
  std::string backend_;
  std::uint64_t own_position_ = 0;  // of the last line about what is in no map
  std::uint64_t untold_ = 0;        // of those, that found no room
  detect::Behaviour behaviour_;
  detect::Budget budget_;
  Counters counters_;
  event::Recall recall_;
  Recent recent_;
  bool has_gone_ = false;             // a container whose noise may not be told yet
  std::int64_t boot_to_real_ns_ = 0;  // taken afresh at each drain()
  std::deque<Taken> sources_;         // of the lines in the sink's batch, and between them
  Notice notice_;
  std::uint64_t look_at_ns_ = 1;  // at what the kernel counts; 0: nothing happened since
};

}  // namespace holdfast::monitor
