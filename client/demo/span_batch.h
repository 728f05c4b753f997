// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

#include "client/demo/traffic.h"

namespace itemized::demo {

// Tells deliveries as an instrumentation of OpenTelemetry would: a run is a trace, a call is a span
// "chat" by the GenAI conventions, and a completion is the root. The attributes itemized.* name the
// run, and how it ended; app.customer is the tenant. Not thread-safe.
class SpanBatch {
 public:
  using Request = opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;

  void Add(const Delivery& delivery);
  int size() const { return size_; }  // How many spans.

  // The batch so far; what is added next starts a new one.
  Request Take();

 private:
  std::string CallSpan(const Call& call);
  std::string RootSpan(const Completion& completion);

  // When the first call of each run that has not ended began, in microseconds since 1970.
  absl::flat_hash_map<std::string, int64_t> started_us_;
  std::string spans_;  // Fields of ScopeSpans.
  int size_ = 0;
};

}  // namespace itemized::demo
