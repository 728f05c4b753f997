// SPDX-License-Identifier: Apache-2.0
#pragma once

// The calls that one server is given in a scenario.

#include <cstdint>
#include <string>
#include <vector>

#include "grpcpp/support/byte_buffer.h"

#include "bench/load/asker.h"
#include "bench/load/questions.h"
#include "bench/load/scenario.h"

namespace itemized::bench {

// One run of one server.
struct Job {
  const ScenarioOptions& options;
  std::string form;
  int64_t calls;
  std::string prefix;    // What the names of figures begin with.
  bool ask = false;      // Times queries as well.
  bool with_ids = true;  // Events have ids of their own.
  int days = 30;         // That the calls are spread over.
  uint64_t set = 0;      // Calls of another set are other calls.
};

struct Prepared {
  std::vector<std::vector<grpc::ByteBuffer>> messages;  // Indexed by stream.
  double bytes = 0;
  int64_t events = 0;
  ExpectedAnswers answers;
  QueryPlan plan;
};

// Tells whoever waits what is being done.
void Say(int64_t calls, const std::string& what);

// Returns the last whole minute: a workload that ends then is not in the server's future.
int64_t LastMinuteUs();

// Makes the calls of a job.
Prepared Prepare(const Job& job);

}  // namespace itemized::bench
