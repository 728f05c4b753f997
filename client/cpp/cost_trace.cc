// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/cost_trace.h"

#include <exception>

namespace itemized::client {

CostTrace::CostTrace(Tracer& tracer, std::string step, std::string model, std::string workflow_id,
                     CostTraceOptions options)
    : tracer_(tracer),
      exceptions_at_start_(std::uncaught_exceptions()),
      started_at_(std::chrono::steady_clock::now()) {
  call_.step = std::move(step);
  call_.model = std::move(model);
  call_.workflow_id = std::move(workflow_id);
  call_.workflow = std::move(options.workflow);
  call_.provider = std::move(options.provider);
  call_.attributes = std::move(options.attributes);
}

CostTrace::~CostTrace() {
  if (discarded_) {
    return;
  }
  const bool unwinding = std::uncaught_exceptions() > exceptions_at_start_;
  call_.status = status_.value_or(unwinding ? CallStatus::kError : CallStatus::kOk);
  call_.duration_us = std::chrono::duration_cast<std::chrono::microseconds>(
                          std::chrono::steady_clock::now() - started_at_)
                          .count();
  call_.time_us = tracer_.clock().NowUs();
  tracer_.Record(std::move(call_));
}

}  // namespace itemized::client
