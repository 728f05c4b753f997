// SPDX-License-Identifier: Apache-2.0
// What exporters of OpenTelemetry send, and what the spans of it come to: the same in any order.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/otlp/open_trace.h"
#include "server/otlp/span_reader.h"
#include "server/otlp/trace_decoder.h"
#include "server/otlp/trace_json.h"
#include "storage/base/check.h"
#include "storage/model/limits.h"
#include "tests/fuzz/fuzz.h"

namespace itemized::fuzz {
namespace {

using server::OpenTrace;
using server::TraceChanges;
using spans::v1::KeptSpan;

// The calls that stand, by run and id.
using Bill = std::map<std::pair<std::string, std::string>, Call>;

void CheckCall(const Call& call) {
  CHECK(call.event_id.size() == 16 && !call.workflow_id.empty() && !call.step.empty() &&
        !call.model.empty() && call.duration_us >= 0);
  for (const int64_t count : call.usage.value_or(Usage()).counts) {
    CHECK(count >= 0 && count <= 3 * kTokensMax);
  }
}

void Take(const TraceChanges& changes, Bill* bill) {
  for (const CallId& id : changes.retractions) {
    CHECK(bill->erase({id.workflow_id, id.event_id}) == 1);
  }
  for (const Call& call : changes.calls) {
    CheckCall(call);
    Call& stored = (*bill)[{call.workflow_id, call.event_id}];
    stored = call;
    stored.revision = 0;
  }
}

Bill AtOnce(const std::string& trace_id, const std::vector<KeptSpan>& spans) {
  OpenTrace trace(trace_id);
  for (const KeptSpan& span : spans) {
    trace.Add(span);
  }
  Bill bill;
  Take(trace.Recount(), &bill);
  return bill;
}

Bill FromTheLast(const std::string& trace_id, const std::vector<KeptSpan>& spans) {
  OpenTrace trace(trace_id);
  Bill bill;
  for (auto span = spans.rbegin(); span != spans.rend(); ++span) {
    trace.Add(*span);
    Take(trace.Recount(), &bill);
  }
  return bill;
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(ITEMIZED_OTLP_CAPTURES)) {
    if (entry.path().filename() == "request.bin") {
      seeds.push_back(ReadFile(entry.path()));
    }
  }
  seeds.emplace_back(R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0123456789abcdef)"
                     R"(0123456789abcdef","spanId":"0123456789abcdef","name":"chat"}]}]}]})");
  return seeds;
}

bool Accepts(absl::string_view input) {
  std::string request(input);
  if (!input.empty() && input.front() == '{') {
    absl::StatusOr<std::string> wire = server::TraceJsonToWire(input);
    if (!wire.ok()) {
      return false;
    }
    request = *std::move(wire);
  }
  std::map<std::string, std::vector<KeptSpan>> traces;
  const absl::Status decoded = server::DecodeTraces(
      request, server::SpanMapping(),
      [&](const server::SpanSource& source, const server::RawSpan& raw) {
        absl::StatusOr<KeptSpan> span = server::ReadSpan(source, raw);
        std::vector<KeptSpan>& spans = traces[std::string(raw.trace_id)];
        const bool is_new =
            span.ok() && std::none_of(spans.begin(), spans.end(), [&](const auto& s) {
              return s.span_id() == span->span_id();
            });
        if (is_new && spans.size() < 64) {  // Counting after each one takes the square of it.
          spans.push_back(*std::move(span));
        }
      },
      [](const std::string& reason) { CHECK(!reason.empty() && reason.back() == '.'); });
  for (const auto& [id, spans] : traces) {
    CHECK(AtOnce(id, spans) == FromTheLast(id, spans));
  }
  return decoded.ok() && !traces.empty();
}

}  // namespace itemized::fuzz
