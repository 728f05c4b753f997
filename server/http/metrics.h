// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

#include "server/api/answers.h"
#include "server/api/principal.h"
#include "server/api/usage_report_log.h"
#include "server/http/http_limits.h"
#include "storage/database/database.h"

namespace itemized::server {

// The format is https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4.
inline constexpr char kMetricsContentType[] = "text/plain; version=0.0.4; charset=utf-8";

// The dearest steps have series of their own; others are not shown, to bound the cardinality.
inline constexpr size_t kMetricSteps = 100;

// Tells what came in, what the store holds, what the process takes, who is connected over HTTP,
// and the dearest steps of the last 30 days.
absl::StatusOr<std::string> WriteMetrics(const Principal& principal, const Database& database,
                                         const ServerFacts& facts, const HttpCounters& connections,
                                         const UsageReportLog& reports,
                                         const Cancellation* cancellation);

}  // namespace itemized::server
