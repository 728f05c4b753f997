// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/known_scopes.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"

namespace itemized::server {
namespace {

constexpr absl::string_view kNames[] = {"ai", "gen_ai", "litellm", "pydantic-ai"};

// OpenTelemetry's and Traceloop's own in Python begin alike.
constexpr absl::string_view kBeginnings[] = {"@ai-sdk/",
                                             "@arizeai/openinference-",
                                             "@langfuse/",
                                             "@opentelemetry/instrumentation-",
                                             "@traceloop/",
                                             "com.anthropic.",
                                             "langfuse",
                                             "langsmith",
                                             "logfire",
                                             "openinference.instrumentation.",
                                             "opentelemetry.instrumentation.",
                                             "traceloop."};

}  // namespace

bool IsKnownScope(absl::string_view name) {
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames) ||
         std::any_of(
             std::begin(kBeginnings), std::end(kBeginnings),
             [&](absl::string_view beginning) { return absl::StartsWith(name, beginning); });
}

}  // namespace itemized::server
