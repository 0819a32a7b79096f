#include "src/forward/encode.h"
#include "src/forward/http.h"
#include "src/forward/output.h"

namespace holdfast::forward {

namespace {

using Verdict = HttpClient::Response::Verdict;

const char* content_type(Format format) {
  return format == Format::kNdjson ? "application/x-ndjson" : "application/json";
}

std::string array(std::span<const Line> lines) {
  std::string body = "[";
  for (const Line& line : lines) {
    body += (body.size() == 1 ? "" : ",\n") + line.text;
  }
  return body + "]";
}

std::string one_a_line(std::span<const Line> lines) {
  std::string body;
  for (const Line& line : lines) {
    body += line.text + "\n";
  }
  return body;
}

class Webhook : public Output {
 public:
  Webhook(const SinkSettings& sink, std::stop_token stop)
      : format_(sink.format), client_(sink, sink.url, content_type(sink.format), std::move(stop)) {}

  // Falcosidekick takes one event a request; the others take the batch.
  Answer send(std::span<const Line> lines) override {
    if (format_ == Format::kFalcosidekick) {
      return post(falcosidekick(lines.front()), 1);
    }
    return post(format_ == Format::kNdjson ? one_a_line(lines) : array(lines), lines.size());
  }

 private:
  Answer post(const std::string& body, std::size_t lines) {
    const HttpClient::Response response = client_.post(body);
    return {response.verdict == Verdict::kTaken ? lines : 0,
            response.verdict == Verdict::kRefused ? lines : 0, response.why};
  }

  Format format_;
  HttpClient client_;
};

}  // namespace

std::unique_ptr<Output> make_webhook(const SinkSettings& sink, std::stop_token stop) {
  return std::make_unique<Webhook>(sink, std::move(stop));
}

}  // namespace holdfast::forward
