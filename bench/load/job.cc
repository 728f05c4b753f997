// SPDX-License-Identifier: Apache-2.0
#include "bench/load/job.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "bench/load/encode.h"
#include "bench/load/workload.h"

namespace itemized::bench {

void Say(int64_t calls, const std::string& what) {
  std::fprintf(stderr, "%lld calls %s\n", static_cast<long long>(calls), what.c_str());
}

int64_t LastMinuteUs() {
  return absl::ToUnixMicros(absl::Now()) / 60'000'000 * 60'000'000;
}

Prepared Prepare(const Job& job) {
  Prepared prepared;
  prepared.messages.resize(kStreams);
  prepared.plan.end_us = LastMinuteUs();
  const uint64_t seed = job.options.seed + job.set;
  Workload workload(
      {.seed = seed, .calls = job.calls, .end_us = prepared.plan.end_us, .days = job.days});
  const Form form = job.form == "rows" ? Form::kRows : Form::kColumns;
  std::vector<Encoder> encoders;
  for (int i = 0; i < kStreams; ++i) {
    const uint64_t sender = 0xC0FFEE1234567890u * (seed + 1) + static_cast<uint64_t>(i);
    encoders.emplace_back(form, job.with_ids ? absl::StrFormat("%016x", sender) : "");
  }
  for (size_t sequence = 0; !workload.Done(); ++sequence) {
    const WorkloadBatch batch = workload.NextBatch();
    prepared.events += static_cast<int64_t>(batch.calls.size() + batch.completions.size());
    for (const WorkloadCall& call : batch.calls) {
      prepared.answers.Add(call);
    }
    const size_t stream = sequence % kStreams;
    prepared.messages[stream].push_back(encoders[stream].Encode(batch, sequence));
    prepared.bytes += static_cast<double>(prepared.messages[stream].back().Length());
  }
  prepared.plan.runs = workload.sampled_runs();
  return prepared;
}

}  // namespace itemized::bench
