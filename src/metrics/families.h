// A scrape as Prometheus has it. Pure.
#pragma once

#include <vector>

#include <prometheus/metric_family.h>

#include "src/metrics/scrape.h"

namespace holdfast::metrics {

// For how long a loss counts as degraded.
inline constexpr std::uint64_t kLossCountsForSeconds = 600;

std::vector<prometheus::MetricFamily> families(const Scrape& scrape);

}  // namespace holdfast::metrics
