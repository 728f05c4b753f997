// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/export.h"

#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include <spdlog/spdlog.h>

#include "server/otlp/log_decoder.h"
#include "server/otlp/span_reader.h"
#include "server/otlp/trace_decoder.h"
#include "server/otlp/trace_json.h"
#include "storage/base/bytes.h"

namespace itemized::server {
namespace {

constexpr size_t kSpanBytes = 512;  // About what a span takes in a request; many take more.

constexpr uint32_t kVarint = 0;
constexpr uint32_t kBytes = 2;

void AppendNumber(uint32_t field, uint64_t value, std::string* out) {
  AppendVarint(out, field << 3 | kVarint);
  AppendVarint(out, value);
}

void AppendText(uint32_t field, absl::string_view text, std::string* out) {
  AppendVarint(out, field << 3 | kBytes);
  AppendSized(out, text);
}

std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted.push_back('\\');
    }
    quoted.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  return quoted + "\"";
}

// The spans of a request that can be kept, and how many cannot.
struct Read {
  std::vector<TakenSpan> spans;
  SpansResult rejected;

  void Reject(absl::string_view reason) {
    ++rejected.rejected;
    if (rejected.message.empty()) {
      rejected.message = std::string(reason);
    }
  }
};

}  // namespace

void CountDropped(const char* what, int64_t count, std::atomic<int64_t>& counter) {
  if (count > 0 && counter.fetch_add(count) == 0) {
    spdlog::info("OpenTelemetry's {} come in. They have nothing for a bill, and are dropped.",
                 what);
  }
}

void Export(Signal signal, const Principal& principal, absl::string_view request,
            SpanAssembler& assembler, SpanAssembler::Done done) {
  Read read;
  read.spans.reserve(request.size() / kSpanBytes);
  const auto take = [&](const SpanSource& source, const RawSpan& raw) {
    absl::StatusOr<spans::v1::KeptSpan> span = ReadSpan(source, raw);
    if (span.ok()) {
      read.spans.push_back({std::string(raw.trace_id), *std::move(span)});
    } else {
      read.Reject(span.status().message());
    }
  };
  const auto refuse = [&](const std::string& reason) { read.Reject(reason); };
  if (signal == Signal::kTraces) {
    if (const absl::Status decoded = DecodeTraces(request, assembler.mapping(), take, refuse);
        !decoded.ok()) {
      return done(decoded);
    }
  } else {
    const absl::StatusOr<int64_t> dropped = DecodeLogs(request, assembler.mapping(), take, refuse);
    if (!dropped.ok()) {
      return done(dropped.status());
    }
    CountDropped("logs", *dropped, assembler.counters().dropped_logs);
  }
  assembler.counters().rejected += read.rejected.rejected;
  if (read.spans.empty()) {
    return done(std::move(read.rejected));
  }
  assembler.Take(principal, std::move(read.spans),
                 [rejected = std::move(read.rejected),
                  done = std::move(done)](absl::StatusOr<SpansResult> result) {
                   if (result.ok()) {
                     result->rejected += rejected.rejected;
                     result->message =
                         result->message.empty() ? rejected.message : std::move(result->message);
                   }
                   done(std::move(result));
                 });
}

absl::StatusOr<std::string> JsonToWire(Signal signal, absl::string_view json) {
  return signal == Signal::kTraces ? TraceJsonToWire(json) : LogsJsonToWire(json);
}

std::string ToWireResponse(const SpansResult& result) {
  std::string response;
  if (result.rejected > 0) {
    std::string partial;
    AppendNumber(1, static_cast<uint64_t>(result.rejected), &partial);
    AppendText(2, result.message, &partial);
    AppendText(1, partial, &response);
  }
  return response;
}

std::string ToJsonResponse(Signal signal, const SpansResult& result) {
  const char* const rejected = signal == Signal::kTraces ? "rejectedSpans" : "rejectedLogRecords";
  return result.rejected == 0
             ? "{}"
             : absl::StrCat("{\"partialSuccess\":{\"", rejected, "\":\"", result.rejected,
                            "\",\"errorMessage\":", Quoted(result.message), "}}");
}

std::string ToWireStatus(const absl::Status& status) {
  std::string bytes;
  AppendNumber(1, static_cast<uint64_t>(status.code()), &bytes);
  AppendText(2, status.message(), &bytes);
  return bytes;
}

std::string ToWireRetryStatus(const absl::Status& status) {
  std::string delay;
  AppendNumber(1, 1, &delay);  // A google.protobuf.Duration of a second.
  std::string retry_info;
  AppendText(1, delay, &retry_info);
  std::string any;
  AppendText(1, "type.googleapis.com/google.rpc.RetryInfo", &any);
  AppendText(2, retry_info, &any);
  std::string bytes = ToWireStatus(status);
  AppendText(3, any, &bytes);
  return bytes;
}

std::string ToJsonStatus(const absl::Status& status) {
  return absl::StrCat("{\"code\":", static_cast<int>(status.code()),
                      ",\"message\":", Quoted(status.message()), "}");
}

}  // namespace itemized::server
