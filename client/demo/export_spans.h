// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "client/cpp/connection.h"
#include "client/demo/stream_traffic.h"
#include "client/demo/traffic.h"

namespace itemized::demo {

// Does what StreamTraffic does, but as an exporter of OpenTelemetry: in requests of SpanBatch, one
// by one. `accepted` and `refused` count spans. Errors: those of the connection; what was
// acknowledged stays.
absl::StatusOr<StreamReport> ExportSpans(std::shared_ptr<client::Connection> connection,
                                         const StreamOptions& options, Traffic* traffic);

}  // namespace itemized::demo
