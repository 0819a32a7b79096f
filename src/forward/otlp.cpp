#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "src/forward/encode.h"
#include "src/forward/http.h"
#include "src/forward/output.h"

namespace holdfast::forward {

namespace {

using Verdict = HttpClient::Response::Verdict;

constexpr std::string_view kPath = "/v1/logs";

// A collector's address is often given without the path.
std::string with_path(std::string url) {
  if (url.ends_with(kPath)) {
    return url;
  }
  while (url.ends_with('/')) {
    url.pop_back();
  }
  return url + std::string(kPath);
}

// ExportLogsPartialSuccess: how many of those that it answered 200 to it has not taken.
std::size_t rejected(const std::string& body) {
  const auto answer = nlohmann::json::parse(body, nullptr, false);
  const auto& count = member(member(answer, "partialSuccess"), "rejectedLogRecords");
  if (count.is_number_unsigned()) {
    return count.get<std::size_t>();
  }
  const std::string text = count.is_string() ? count.get<std::string>() : "0";
  return std::strtoul(text.c_str(), nullptr, 10);
}

class Otlp : public Output {
 public:
  Otlp(const SinkSettings& sink, std::stop_token stop)
      : client_(sink, with_path(sink.url), "application/json", std::move(stop)) {}

  Answer send(std::span<const Line> lines) override {
    const HttpClient::Response response = client_.post(otlp_logs(lines));
    if (response.verdict == Verdict::kAgain) {
      return again(response.why);
    }
    const std::size_t refused = response.verdict == Verdict::kRefused
                                    ? lines.size()
                                    : std::min(rejected(response.body), lines.size());
    const std::string why = refused != 0 && response.why.empty()
                                ? "the collector took only a part of a batch: " + response.body
                                : response.why;
    return {lines.size() - refused, refused, why};
  }

 private:
  HttpClient client_;
};

}  // namespace

std::unique_ptr<Output> make_otlp(const SinkSettings& sink, std::stop_token stop) {
  return std::make_unique<Otlp>(sink, std::move(stop));
}

}  // namespace holdfast::forward
