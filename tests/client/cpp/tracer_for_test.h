// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of the tracer record, and how.

#include <set>
#include <string>

#include "absl/time/time.h"

#include "client/cpp/tracer.h"
#include "tests/client/cpp/fake_ingest_server.h"

namespace itemized::client {

inline constexpr absl::Duration kPatience = absl::Seconds(60);

inline Call CallOf(const std::string& run, const std::string& step = "plan") {
  return {.workflow_id = run, .step = step, .model = "claude", .usage = Usage{.input_tokens = 1}};
}

// Options with which no batch is sent for its age, so that a test decides what is sent when.
inline TracerOptions PatientOptions(const std::string& address) {
  return {.address = address,
          .batch_age_max = absl::Hours(1),
          .backoff_initial = absl::Milliseconds(1),
          .backoff_max = absl::Milliseconds(20),
          .close_timeout = absl::ZeroDuration()};
}

inline void RecordMany(Tracer& tracer, int count, const std::string& run = "run") {
  for (int i = 0; i < count; ++i) {
    tracer.Record(CallOf(run));
  }
}

inline std::set<std::string> EventIds(const FakeStore& store) {
  std::set<std::string> ids;
  for (const pb::Call& call : store.calls()) {
    ids.insert(call.event_id());
  }
  return ids;
}

}  // namespace itemized::client
