#include "src/metrics/scrape.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "src/monitor/client.h"
#include "src/monitor/known.h"
#include "src/monitor/unguarded.h"

namespace holdfast::metrics {

namespace {

Result<monitor::Reply> ask(const std::string& socket, std::chrono::milliseconds timeout) {
  monitor::Request request;
  request.op = monitor::Request::Op::kMetrics;
  monitor::Reply reply = TRY(monitor::call(socket, request, timeout));
  if (!reply.metrics) {
    return fail("the monitor at " + socket + " tells no metrics: restart it after an upgrade");
  }
  return reply;
}

// A monitor keeps a file of each container, and leaves those of containers that it left under
// guard.
bool has_containers(const std::string& socket) {
  std::error_code error;
  const std::filesystem::directory_iterator files(monitor::containers_directory(socket), error);
  return error ? error != std::errc::no_such_file_or_directory : files != end(files);
}

// The monitor's word spares reading the end of the alert file.
Sink sink_of(const forward::Settings& settings, const std::string& name,
             const std::map<std::string, forward::Counters>& counters,
             const std::optional<monitor::Reply>& reply) {
  const auto found = counters.find(name);
  const auto read = forward::read_cursor(settings.state_dir, name);
  const forward::Cursor cursor = read.ok() ? read.value() : forward::Cursor{};
  Sink sink;
  sink.name = name;
  sink.counters = found == counters.end() ? forward::Counters{} : found->second;
  if (!reply) {
    sink.lag = forward::lag(settings.alerts, cursor);
  } else if (reply->metrics->last_seq > cursor.seq) {
    sink.lag = reply->metrics->last_seq - cursor.seq;
  }
  return sink;
}

}  // namespace

Scrape scrape(const Settings& settings, std::chrono::milliseconds timeout) {
  Scrape found;
  Result<monitor::Reply> reply = ask(settings.socket, timeout);
  if (reply.ok()) {
    found.reply = std::move(reply).value();
  } else {
    found.error = reply.error().message;
    found.idle = monitor::nobody_listens(settings.socket) && !has_containers(settings.socket);
  }
  found.unguarded = monitor::list_unguarded(settings.socket).size();
  const auto counters = forward::read_counters(settings.forward.state_dir);
  for (const forward::SinkSettings& sink : settings.forward.sinks) {
    found.sinks.push_back(sink_of(settings.forward, sink.name, counters, found.reply));
  }
  return found;
}

}  // namespace holdfast::metrics
