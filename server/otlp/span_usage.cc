// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/span_usage.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "simdjson.h"

#include "storage/model/limits.h"
#include "storage/usage_shapes/reported_usage.h"

namespace itemized::server {
namespace {

namespace dom = simdjson::dom;
using enum SpanAttribute;

// Reads counts, and notes if one of them is none.
class Counts {
 public:
  explicit Counts(const RawSpan& span) : span_(span) {}

  // The first of these attributes that is there; nothing if none is.
  std::optional<int64_t> First(std::initializer_list<SpanAttribute> attributes) {
    for (const SpanAttribute attribute : attributes) {
      const SpanValue& value = span_[attribute];
      if (value.is_there()) {
        return Check(value.Whole());
      }
    }
    return std::nullopt;
  }
  std::optional<int64_t> Check(std::optional<int64_t> count) {
    if (!count.has_value() || *count < 0 || *count > kTokensMax) {
      is_bad_ = true;
      return 0;
    }
    return count;
  }
  bool is_bad() const { return is_bad_; }

 private:
  const RawSpan& span_;
  bool is_bad_ = false;
};

// What a span says of its tokens, before the cache is set apart.
struct Totals {
  std::optional<int64_t> input;
  std::optional<int64_t> output;
  std::optional<int64_t> read;
  std::optional<int64_t> write;
  std::optional<int64_t> write_5m;
  std::optional<int64_t> write_1h;
  std::optional<int64_t> reasoning;
  std::optional<int64_t> input_audio;  // It and the next are beside input and output.
  std::optional<int64_t> output_audio;
  bool is_disjoint = false;  // The input has nothing of the cache.

  bool is_empty() const {
    return !input && !output && !read && !write && !input_audio && !output_audio;
  }
};

std::optional<int64_t> NumberOf(const dom::element& value, Counts* counts) {
  int64_t number = 0;
  return value.get(number) == simdjson::SUCCESS ? counts->Check(number)
                                                : counts->Check(std::nullopt);
}

// A member of a JSON object in a text attribute.
std::optional<int64_t> MemberOf(const dom::object& object, const char* name, Counts* counts) {
  dom::element value;
  return object[name].get(value) == simdjson::SUCCESS ? NumberOf(value, counts) : std::nullopt;
}

void Set(std::optional<int64_t>* to, std::optional<int64_t> value) {
  if (value.has_value()) {
    *to = value;
  }
}

// The count in `totals` that a class of Langfuse's is; null for one that has none of its own.
std::optional<int64_t>* FindLangfuse(absl::string_view name, Totals* totals) {
  using Count = std::optional<int64_t> Totals::*;
  static const auto* const kClasses = new absl::flat_hash_map<absl::string_view, Count>{
      {"input", &Totals::input},
      {"prompt_tokens", &Totals::input},
      {"input_tokens", &Totals::input},
      {"output", &Totals::output},
      {"completion_tokens", &Totals::output},
      {"output_tokens", &Totals::output},
      {"input_cached_tokens", &Totals::read},
      {"input_cache_read", &Totals::read},
      {"cache_read_input_tokens", &Totals::read},
      {"input_cache_read_tokens", &Totals::read},
      {"input_cache_creation", &Totals::write},
      {"cache_creation_input_tokens", &Totals::write},
      {"input_cache_write", &Totals::write},
      {"input_cache_write_tokens", &Totals::write},
      {"input_cache_creation_5m", &Totals::write_5m},
      {"input_ephemeral_5m_input_tokens", &Totals::write_5m},
      {"input_cache_creation_1h", &Totals::write_1h},
      {"input_ephemeral_1h_input_tokens", &Totals::write_1h},
      {"output_reasoning_tokens", &Totals::reasoning},
      {"output_reasoning", &Totals::reasoning},
      {"reasoning_tokens", &Totals::reasoning},
      {"input_audio_tokens", &Totals::input_audio},
      {"input_audio", &Totals::input_audio},
      {"output_audio_tokens", &Totals::output_audio},
      {"output_audio", &Totals::output_audio}};
  const auto found = kClasses->find(name);
  return found == kClasses->end() ? nullptr : &(totals->*(found->second));
}

// langfuse.observation.usage_details: disjoint classes, of which output has no reasoning in it. Its
// wrappers of clients take every detail that a provider gives out of input or output, so that those
// without a class here go back.
void ReadLangfuse(const dom::object& details, Counts* counts, Totals* totals) {
  totals->is_disjoint = true;
  int64_t more_input = 0;
  int64_t more_output = 0;
  for (const auto& [key, value] : details) {
    const absl::string_view name(key.data(), key.size());
    if (value.is_null() || absl::StartsWith(name, "total")) {
      continue;
    }
    const std::optional<int64_t> number = NumberOf(value, counts);
    if (std::optional<int64_t>* const count = FindLangfuse(name, totals)) {
      *count = number;
    } else if (absl::StartsWith(name, "input")) {
      more_input += number.value_or(0);
    } else if (absl::StartsWith(name, "output")) {
      more_output += number.value_or(0);
    }
  }
  if (totals->write_5m || totals->write_1h) {
    totals->write = std::max(totals->write.value_or(0),
                             totals->write_5m.value_or(0) + totals->write_1h.value_or(0));
  }
  more_output += totals->reasoning.value_or(0);
  if (more_input > 0) {
    totals->input = totals->input.value_or(0) + more_input;
  }
  if (more_output > 0) {
    totals->output = totals->output.value_or(0) + more_output;
  }
}

// LangSmith's details, as LangChain's usage_metadata has them.
void ReadLangsmith(const dom::object& input, Counts* counts, Totals* totals) {
  Set(&totals->read, MemberOf(input, "cache_read", counts));
  Set(&totals->write, MemberOf(input, "cache_creation", counts));
  Set(&totals->write_5m, MemberOf(input, "ephemeral_5m_input_tokens", counts));
  Set(&totals->write_1h, MemberOf(input, "ephemeral_1h_input_tokens", counts));
  if (totals->write_5m || totals->write_1h) {
    totals->write = totals->write_5m.value_or(0) + totals->write_1h.value_or(0);
  }
}

// Reads a JSON object that stands in a text attribute. Returns false if there is none.
template <typename Read>
bool ReadObject(const SpanValue& value, Read read) {
  constexpr size_t kBytesMax = 64 << 10;
  constexpr size_t kDepthMax = 16;
  if (value.Text().empty() || value.Text().size() > kBytesMax) {
    return false;
  }
  dom::parser parser;
  dom::element element;
  dom::object object;
  if (parser.allocate(value.Text().size(), kDepthMax) != simdjson::SUCCESS ||
      parser.parse(value.Text().data(), value.Text().size()).get(element) != simdjson::SUCCESS ||
      element.get(object) != simdjson::SUCCESS) {
    return false;
  }
  read(object);
  return true;
}

// The usage object of Anthropic that the AI SDK passes on: its own counts lack the cache in
// version 5. What came out is in its own counts: a stream's usage object may be that of its
// beginning.
std::optional<SpanUsage> ReadProviderMetadata(const RawSpan& span) {
  std::optional<SpanUsage> result;
  ReadObject(span[kAiMetadata], [&](const dom::object& metadata) {
    dom::element usage;
    if (metadata["anthropic"]["usage"].get(usage) != simdjson::SUCCESS || !usage.is_object()) {
      return;
    }
    const std::string json = simdjson::minify(usage);
    const absl::StatusOr<ReportedUsage> read = ReadReportedUsage(json);
    if (read.ok() && read->usage.has_value()) {
      result = SpanUsage{.usage = read->usage};
      Counts counts(span);
      Usage& told = *result->usage;
      told[UsageClass::kOutput] =
          counts.First({kAiOutput, kAiCompletion}).value_or(told[UsageClass::kOutput]);
      told[UsageClass::kReasoning] = std::min(
          told[UsageClass::kOutput],
          counts.First({kAiReasoning, kAiReasoningFlat}).value_or(told[UsageClass::kReasoning]));
    }
  });
  return result;
}

// What an application hands to Langfuse as the provider said it, with details in objects of their
// own.
std::optional<SpanUsage> ReadReportToLangfuse(const RawSpan& span) {
  std::optional<SpanUsage> result;
  ReadObject(span[kLangfuseUsage], [&](const dom::object& details) {
    const bool is_report = std::any_of(details.begin(), details.end(),
                                       [](const auto& member) { return member.value.is_object(); });
    if (is_report) {
      const absl::StatusOr<ReportedUsage> read =
          ReadReportedUsage(std::string(simdjson::minify(details)));
      result = read.ok() && read->usage.has_value() ? SpanUsage{.usage = read->usage}
                                                    : SpanUsage{.usage = {}, .is_unknown = true};
    }
  });
  return result;
}

void ReadTotals(const RawSpan& span, Counts* counts, Totals* totals) {
  totals->input = counts->First(
      {kAiInput, kAiPrompt, kAiTokens, kInput, kPrompt, kLlmPrompt, kLlmUsagePrompt, kClaudeInput});
  totals->output = counts->First({kAiOutput, kAiCompletion, kOutput, kCompletion, kLlmCompletion,
                                  kLlmUsageCompletion, kClaudeOutput});
  totals->read = counts->First({kAiCacheRead, kAiCached, kCacheRead, kCacheReadFlat,
                                kCacheReadDetail, kCacheReadDetailLong, kCachedDetail,
                                kLlmCacheRead, kLlmUsageCacheRead, kClaudeCacheRead});
  totals->write = counts->First({kAiCacheWrite, kCacheWrite, kCacheCreation, kCacheCreationFlat,
                                 kCacheWriteDetail, kCacheCreationDetail, kLlmCacheWrite,
                                 kLlmUsageCacheCreation, kClaudeCacheCreation});
  totals->write_5m = counts->First({kAnthropic5m});
  totals->write_1h = counts->First({kAnthropic1h});
  totals->reasoning = counts->First({kAiReasoning, kAiReasoningFlat, kReasoning, kReasoningFlat,
                                     kReasoningDetail, kLlmReasoning});
  ReadObject(span[kInputDetails],
             [&](const dom::object& details) { ReadLangsmith(details, counts, totals); });
  ReadObject(span[kOutputDetails], [&](const dom::object& details) {
    Set(&totals->reasoning, MemberOf(details, "reasoning", counts));
  });
  if (const std::optional<int64_t> apart = counts->First({kAiNoCache})) {
    totals->input = apart;
    totals->is_disjoint = true;
  }
  ReadObject(span[kLangfuseUsage],
             [&](const dom::object& details) { ReadLangfuse(details, counts, totals); });
}

void SetWrites(const Totals& totals, bool for_an_hour, Usage* usage) {
  const int64_t all = totals.write.value_or(0);
  const bool is_said = totals.write_5m.has_value() || totals.write_1h.has_value();
  const int64_t long_lived =
      for_an_hour && !is_said ? all : std::min(totals.write_1h.value_or(0), all);
  (*usage)[UsageClass::kCacheWrite1h] = long_lived;
  (*usage)[UsageClass::kCacheWrite5m] = all - long_lived;
}

Usage ToUsage(const Totals& totals, CacheAccounting accounting, bool writes_for_an_hour) {
  Usage usage;
  const int64_t input = totals.input.value_or(0);
  const int64_t cached = totals.read.value_or(0) + totals.write.value_or(0);
  const bool is_apart = totals.is_disjoint || accounting == CacheAccounting::kExclusive ||
                        (accounting == CacheAccounting::kUnsaid && cached > input);
  usage[UsageClass::kInput] = is_apart ? input : input - cached;
  usage[UsageClass::kCacheRead] = totals.read.value_or(0);
  SetWrites(totals, writes_for_an_hour, &usage);
  usage[UsageClass::kOutput] = totals.output.value_or(0);
  usage[UsageClass::kReasoning] = std::min(totals.reasoning.value_or(0), totals.output.value_or(0));
  usage[UsageClass::kInputAudio] = totals.input_audio.value_or(0);
  usage[UsageClass::kOutputAudio] = totals.output_audio.value_or(0);
  return usage;
}

}  // namespace

SpanUsage ReadSpanUsage(const RawSpan& span, CacheAccounting accounting, bool writes_for_an_hour) {
  if (const std::optional<SpanUsage> told = ReadProviderMetadata(span)) {
    return *told;
  }
  if (const std::optional<SpanUsage> told = ReadReportToLangfuse(span)) {
    return *told;
  }
  Counts counts(span);
  Totals totals;
  ReadTotals(span, &counts, &totals);
  if (counts.is_bad()) {
    return {.usage = {}, .is_unknown = true};
  }
  if (totals.is_empty()) {
    return {};
  }
  const Usage usage = ToUsage(totals, accounting, writes_for_an_hour);
  if (usage[UsageClass::kInput] < 0) {  // The input was said to include the cache, and cannot.
    return {.usage = {}, .is_unknown = true};
  }
  return {.usage = usage};
}

namespace {

// The AI SDK up to version 5 passes on what the provider said, and Anthropic's input has no cache,
// from Bedrock neither. Later versions say what was not cached.
bool IsOldAiSdk(absl::string_view scope, const RawSpan& span) {
  if (scope != "ai" || span[kAiNoCache].is_there()) {
    return false;
  }
  const auto is_exclusive = [&](SpanAttribute attribute) {
    return absl::StrContains(span[attribute].Text(), "anthropic") ||
           absl::StrContains(span[attribute].Text(), "bedrock");
  };
  return is_exclusive(kAiProvider) || is_exclusive(kProvider) || is_exclusive(kSystem);
}

}  // namespace

CacheAccounting AccountingOfScope(absl::string_view scope, const RawSpan& span) {
  const bool is_claude_code =
      absl::StartsWith(span.name, "claude_code.") && span[kClaudeInput].is_there();
  const bool is_exclusive =
      scope == "@traceloop/instrumentation-anthropic" || is_claude_code || IsOldAiSdk(scope, span);
  return is_exclusive ? CacheAccounting::kExclusive : CacheAccounting::kUnsaid;
}

}  // namespace itemized::server
