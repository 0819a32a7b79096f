#include "src/forward/output.h"

#include <unistd.h>

#include "src/base/file.h"

namespace holdfast::forward {

namespace {

class Stdout : public Output {
 public:
  Answer send(std::span<const Line> lines) override {
    std::string text;
    for (const Line& line : lines) {
      text += line.text + "\n";
    }
    const Status written = base::write_all(STDOUT_FILENO, text, "to standard output");
    return written.ok() ? Answer{lines.size(), 0, ""} : again(written.error().message);
  }
};

}  // namespace

std::unique_ptr<Output> make_stdout() { return std::make_unique<Stdout>(); }

std::unique_ptr<Output> make_output(const SinkSettings& sink, std::stop_token stop) {
  switch (sink.type) {
    case SinkType::kJournald:
      return make_journald();
    case SinkType::kSyslog:
      return sink.url.starts_with("unix:") || sink.url.starts_with("udp:")
                 ? make_datagram_syslog(sink)
                 : make_stream_syslog(sink, std::move(stop));
    case SinkType::kWebhook:
      return make_webhook(sink, std::move(stop));
    case SinkType::kOtlp:
      return make_otlp(sink, std::move(stop));
    default:
      return make_stdout();
  }
}

}  // namespace holdfast::forward
