// SPDX-License-Identifier: Apache-2.0
// A support agent of two steps that reports what each model call cost, then
// asks which step the money went to. Start a server, then run it:
//
//   script/server & build/bin/support_agent

#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/time/time.h"

#include "client/cpp/connection.h"
#include "client/cpp/cost_trace.h"

namespace {

using itemized::client::Connection;
using itemized::client::CostTrace;
using itemized::client::Outcome;
using itemized::client::Tracer;
namespace pb = itemized::client::pb;

struct Reply {
  std::string text;
  int64_t input_tokens;
  int64_t output_tokens;
};

// Stands for the call to a provider.
Reply AskModel(const std::string& prompt) {
  return {"Have you tried to " + prompt + "?", 8'400, 620};
}

std::string RunStep(Tracer& tracer, const std::string& step, const std::string& run,
                    const std::string& prompt) {
  CostTrace trace(tracer, step, "claude-sonnet-4-6", run,
                  {.workflow = "support_ticket", .provider = "anthropic"});
  Reply reply = AskModel(prompt);
  trace.usage().input_tokens = reply.input_tokens;
  trace.usage().output_tokens = reply.output_tokens;
  return reply.text;
}

int PrintTop(const std::string& address) {
  pb::GetTopRequest request;
  request.mutable_window()->set_last_us(absl::ToInt64Microseconds(absl::Hours(24 * 30)));
  const auto top = Connection::Open(address)->GetTop(request);
  if (!top.ok()) {
    std::fprintf(stderr, "%s\n", top.status().ToString().c_str());
    return 1;
  }
  for (const pb::TopRow& row : top->rows()) {
    // A model without a rate has a cost that is not known, which is not $0.
    const bool known = row.unpriced_calls() < row.calls();
    std::printf("%-20s %8lld calls  %s\n", row.key().c_str(), static_cast<long long>(row.calls()),
                known ? ("$" + row.cost_usd()).c_str() : "not priced: itemize rates set");
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string address = argc > 1 ? argv[1] : "127.0.0.1:4317";
  const std::string run = "ticket-4711-" + std::to_string(absl::ToUnixMicros(absl::Now()));
  Tracer tracer({.address = address});

  const std::string plan = RunStep(tracer, "planning", run, "restart the router");
  RunStep(tracer, "answer", run, plan);
  tracer.Complete(run, Outcome::kCompleted);

  if (const absl::Status status = tracer.Flush(absl::Seconds(5)); !status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  return PrintTop(address);
}
