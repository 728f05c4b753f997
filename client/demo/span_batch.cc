// SPDX-License-Identifier: Apache-2.0
#include "client/demo/span_batch.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/base/bytes.h"

namespace itemized::demo {
namespace {

// Field numbers of opentelemetry-proto.
enum OfSpan : uint32_t {
  kTraceId = 1,
  kSpanId = 2,
  kParentSpanId = 4,
  kName = 5,
  kStart = 7,
  kEnd = 8,
  kAttribute = 9,
  kStatus = 15,
};
constexpr uint32_t kKey = 1;
constexpr uint32_t kValue = 2;
constexpr uint32_t kText = 1;
constexpr uint32_t kWhole = 3;
constexpr uint32_t kList = 5;
constexpr uint32_t kListValue = 1;
constexpr uint32_t kStatusCode = 3;
constexpr uint64_t kStatusError = 2;
constexpr uint32_t kScopeName = 1;
constexpr uint32_t kScope = 1;
constexpr uint32_t kSpan = 2;
constexpr uint32_t kResource = 1;
constexpr uint32_t kResourceAttribute = 1;
constexpr uint32_t kScopeSpans = 2;

constexpr int64_t kNsPerUs = 1'000;

void AddBytes(uint32_t field, absl::string_view bytes, std::string* out) {
  AppendVarint(out, field << 3 | 2);
  AppendSized(out, bytes);
}

void AddVarint(uint32_t field, uint64_t value, std::string* out) {
  AppendVarint(out, field << 3);
  AppendVarint(out, value);
}

void AddTime(uint32_t field, int64_t us, std::string* out) {
  const auto ns = static_cast<uint64_t>(us * kNsPerUs);
  AppendVarint(out, field << 3 | 1);
  out->append(reinterpret_cast<const char*>(&ns), sizeof(ns));  // Little-endian, as machines are.
}

std::string TextValue(absl::string_view text) {
  std::string value;
  AddBytes(kText, text, &value);
  return value;
}

std::string KeyValue(absl::string_view key, absl::string_view value) {
  std::string pair;
  AddBytes(kKey, key, &pair);
  AddBytes(kValue, value, &pair);
  return pair;
}

void AddText(absl::string_view key, absl::string_view text, std::string* span) {
  AddBytes(kAttribute, KeyValue(key, TextValue(text)), span);
}

void AddTexts(absl::string_view key, const std::vector<std::string>& texts, std::string* span) {
  std::string list;
  for (const std::string& text : texts) {
    AddBytes(kListValue, TextValue(text), &list);
  }
  std::string value;
  AddBytes(kList, list, &value);
  AddBytes(kAttribute, KeyValue(key, value), span);
}

void AddCount(absl::string_view key, int64_t count, std::string* span) {
  std::string value;
  AddVarint(kWhole, static_cast<uint64_t>(count), &value);
  AddBytes(kAttribute, KeyValue(key, value), span);
}

void AddError(std::string* span) {
  std::string status;
  AddVarint(kStatusCode, kStatusError, &status);
  AddBytes(kStatus, status, span);
}

std::string TraceIdOf(absl::string_view workflow_id) {
  XXH128_canonical_t id;
  XXH128_canonicalFromHash(&id, XXH3_128bits(workflow_id.data(), workflow_id.size()));
  return {reinterpret_cast<const char*>(id.digest), sizeof(id.digest)};
}

std::string SpanIdOf(absl::string_view name) {
  XXH64_canonical_t id;
  XXH64_canonicalFromHash(&id, XXH3_64bits(name.data(), name.size()));
  return {reinterpret_cast<const char*>(id.digest), sizeof(id.digest)};
}

std::string RootIdOf(const std::string& workflow_id) {
  return SpanIdOf(absl::StrCat("root of ", workflow_id));
}

// Input has the cache in it by the conventions, and output the reasoning, as it has here.
void AddUsage(const Usage& usage, std::string* span) {
  const int64_t read = usage[UsageClass::kCacheRead];
  const int64_t write = usage[UsageClass::kCacheWrite5m];
  AddCount("gen_ai.usage.input_tokens", usage[UsageClass::kInput] + read + write, span);
  AddCount("gen_ai.usage.output_tokens", usage[UsageClass::kOutput], span);
  AddCount("gen_ai.usage.cache_read.input_tokens", read, span);
  AddCount("gen_ai.usage.cache_creation.input_tokens", write, span);
  AddCount("gen_ai.usage.reasoning.output_tokens", usage[UsageClass::kReasoning], span);
}

absl::string_view TextOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kFailed:
      return "failed";
    case Outcome::kAbandoned:
      return "abandoned";
    case Outcome::kShortCircuited:
      return "short_circuited";
    default:
      return "completed";
  }
}

}  // namespace

std::string SpanBatch::CallSpan(const Call& call) {
  const int64_t start_us = call.time_us - call.duration_us;
  const auto [started, is_first] = started_us_.try_emplace(call.workflow_id, start_us);
  started->second = std::min(started->second, start_us);
  std::string span;
  AddBytes(kTraceId, TraceIdOf(call.workflow_id), &span);
  AddBytes(kSpanId, SpanIdOf(call.event_id), &span);
  AddBytes(kParentSpanId, RootIdOf(call.workflow_id), &span);
  AddBytes(kName, absl::StrCat("chat ", call.model), &span);
  AddTime(kStart, start_us, &span);
  AddTime(kEnd, call.time_us, &span);
  AddText("gen_ai.operation.name", "chat", &span);
  AddText("gen_ai.provider.name", call.provider, &span);
  AddText("gen_ai.request.model", call.model, &span);
  AddText("gen_ai.agent.name", call.step, &span);
  if (call.usage.has_value()) {
    AddUsage(*call.usage, &span);
  }
  AddText("itemized.workflow", call.workflow, &span);
  AddText("itemized.workflow_id", call.workflow_id, &span);
  for (const auto& [key, value] : call.attributes) {
    AddText(key == "tenant" ? "app.customer" : key, value, &span);
  }
  if (call.status == CallStatus::kError) {
    AddError(&span);
  }
  return span;
}

std::string SpanBatch::RootSpan(const Completion& completion) {
  const auto started = started_us_.extract(completion.workflow_id);
  std::string span;
  AddBytes(kTraceId, TraceIdOf(completion.workflow_id), &span);
  AddBytes(kSpanId, RootIdOf(completion.workflow_id), &span);
  AddBytes(kName, completion.workflow, &span);
  AddTime(kStart, started.empty() ? completion.time_us : started.mapped(), &span);
  AddTime(kEnd, completion.time_us, &span);
  AddText("itemized.workflow", completion.workflow, &span);
  AddText("itemized.workflow_id", completion.workflow_id, &span);
  AddText("itemized.outcome", TextOf(completion.outcome), &span);
  AddTexts("itemized.unused", completion.unused_steps, &span);
  if (completion.outcome == Outcome::kFailed) {
    AddError(&span);
  }
  return span;
}

void SpanBatch::Add(const Delivery& delivery) {
  AddBytes(kSpan, delivery.is_completion ? RootSpan(delivery.completion) : CallSpan(delivery.call),
           &spans_);
  ++size_;
}

SpanBatch::Request SpanBatch::Take() {
  std::string scope;
  AddBytes(kScopeName, "itemized-demo", &scope);
  std::string of_scope;
  AddBytes(kScope, scope, &of_scope);
  of_scope += std::exchange(spans_, std::string());
  std::string resource;
  AddBytes(kResourceAttribute, KeyValue("service.name", TextValue("demo")), &resource);
  std::string of_resource;
  AddBytes(kResource, resource, &of_resource);
  AddBytes(kScopeSpans, of_scope, &of_resource);
  size_ = 0;
  Request request;
  request.add_resource_spans(std::move(of_resource));
  return request;
}

}  // namespace itemized::demo
