// SPDX-License-Identifier: Apache-2.0
#include "bench/load/trace.h"

#include <chrono>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "bench/load/ingest.h"
#include "client/cpp/cost_trace.h"
#include "client/cpp/tracer.h"
#include "storage/base/status_macros.h"

namespace itemized::bench {
namespace {

constexpr int kBlocks = 200;
constexpr int kBlockCalls = 1'000;

void TraceBlock(client::Tracer& tracer, const std::string& run) {
  for (int i = 0; i < kBlockCalls; ++i) {
    client::CostTrace trace(tracer, "summarise", "claude-sonnet-4-6", run,
                            {.workflow = "support_ticket", .provider = "anthropic"});
    trace.usage().input_tokens = 1'200 + i;
    trace.usage().output_tokens = 180;
  }
}

}  // namespace

absl::StatusOr<double> TraceNanoseconds(const std::string& address) {
  client::Tracer tracer({.address = address});
  std::vector<double> blocks_ns;
  for (int block = 0; block < kBlocks; ++block) {
    const std::string run = absl::StrCat("traced-run-", block);
    const auto start = std::chrono::steady_clock::now();
    TraceBlock(tracer, run);
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
    blocks_ns.push_back(taken.count() / kBlockCalls);
    // Agents wait for their models meanwhile; without a pause the queue would fill.
    RETURN_IF_ERROR(tracer.Flush(absl::Seconds(10)));
  }
  return QuantileOf(blocks_ns, 0.5);
}

}  // namespace itemized::bench
