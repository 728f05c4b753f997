// SPDX-License-Identifier: Apache-2.0
#pragma once

// Times one model call and reports it when the scope ends. An example:
//
//   CostTrace trace(tracer, "summarise", "claude-sonnet-4-6", run_id, {.workflow = "support"});
//   Reply reply = model.Call(prompt);
//   trace.usage().input_tokens = reply.input_tokens;
//   trace.usage().output_tokens = reply.output_tokens;

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "client/cpp/call.h"
#include "client/cpp/tracer.h"

namespace itemized::client {

struct CostTraceOptions {
  std::string workflow = {};
  std::string provider = {};
  Attributes attributes = {};
};

// The call lasts from construction to destruction. If the scope is left by an exception, it is
// reported as failed, unless set_status said otherwise. If usage() is not used, it is reported as a
// call whose usage is not known, which is not the same as zero. Not thread-safe; `tracer` must
// outlive it.
class CostTrace {
 public:
  CostTrace(Tracer& tracer, std::string step, std::string model, std::string workflow_id,
            CostTraceOptions options = {});
  ~CostTrace();

  CostTrace(const CostTrace&) = delete;
  CostTrace& operator=(const CostTrace&) = delete;

  // The usage to fill in; from the first use on it counts as reported.
  Usage& usage() { return call_.usage.has_value() ? *call_.usage : call_.usage.emplace(); }

  // The model that the response names, if it is not the one asked for.
  void set_model(std::string model) { call_.model = std::move(model); }
  void set_status(CallStatus status) { status_ = status; }
  // An id of the caller's own, such as the provider's request id.
  void set_event_id(std::string event_id) { call_.event_id = std::move(event_id); }
  void add_attribute(std::string key, std::string value) {
    call_.attributes.emplace_back(std::move(key), std::move(value));
  }

  // Reports nothing, for instance because no call was made after all.
  void Discard() { discarded_ = true; }

 private:
  Tracer& tracer_;
  Call call_;
  std::optional<CallStatus> status_;
  bool discarded_ = false;
  const int exceptions_at_start_;
  const std::chrono::steady_clock::time_point started_at_;
};

}  // namespace itemized::client
