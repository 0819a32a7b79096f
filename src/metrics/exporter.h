// Serves metrics over HTTP, and prints them.
#pragma once

#include <string>

#include "src/base/result.h"
#include "src/metrics/settings.h"

namespace holdfast::metrics {

// One scrape in Prometheus' text format. A monitor that does not answer is part of it, and logged.
std::string text(const Settings& settings);

// Serves GET /metrics at settings.listen until SIGTERM or SIGINT, which it blocks: no thread may
// have been made before. Fails when it cannot listen there.
Status serve(const Settings& settings);

}  // namespace holdfast::metrics
