// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/span_reader.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "simdjson.h"

#include "server/otlp/first_token.h"
#include "server/otlp/span_role.h"
#include "server/otlp/span_usage.h"
#include "storage/base/time.h"
#include "storage/model/limits.h"
#include "storage/model/value_checks.h"
#include "storage/usage_shapes/json_value.h"
#include "storage/usage_shapes/reported_cost.h"

namespace itemized::server {
namespace {

using enum SpanAttribute;
using spans::v1::KeptSpan;

constexpr size_t kTraceIdBytes = 16;
constexpr size_t kSpanIdBytes = 8;

bool IsId(absl::string_view id, size_t size) {
  return id.size() == size && id.find_first_not_of('\0') != absl::string_view::npos;
}

absl::Status CheckIds(const RawSpan& span) {
  if (!IsId(span.trace_id, kTraceIdBytes) || !IsId(span.span_id, kSpanIdBytes)) {
    return absl::InvalidArgumentError(
        "A span has no trace_id of 16 bytes or no span_id of 8, or it is all zero.");
  }
  if (!span.parent_span_id.empty() && span.parent_span_id.size() != kSpanIdBytes) {
    return absl::InvalidArgumentError("A span has a parent_span_id that is not of 8 bytes.");
  }
  if (span.end_ns / 1'000 > uint64_t{kTimeMaxUs}) {
    return absl::InvalidArgumentError("A span ends after 2200.");
  }
  if (span.end_ns < span.start_ns) {
    return absl::InvalidArgumentError("A span ends before it begins.");
  }
  return absl::OkStatus();
}

// Takes texts, and notes the first that cannot be stored.
class Texts {
 public:
  explicit Texts(const RawSpan& span) : span_(span) {}

  // The first of these attributes that is a text; "" if none is.
  std::string First(std::initializer_list<SpanAttribute> attributes) {
    for (const SpanAttribute attribute : attributes) {
      if (!span_[attribute].Text().empty()) {
        return Take(span_[attribute].Text());
      }
    }
    return "";
  }
  // Names that are too long to be stored are cut at a character.
  std::string Take(absl::string_view text) {
    if (!IsUtf8(text)) {
      status_.Update(absl::InvalidArgumentError("A span has a text that is not UTF-8."));
      return "";
    }
    size_t size = std::min(text.size(), kNameBytesMax);
    while (size < text.size() && size > 0 &&
           (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) {
      --size;
    }
    return std::string(text.substr(0, size));
  }
  const absl::Status& status() const { return status_; }

 private:
  const RawSpan& span_;
  absl::Status status_;
};

// Calls `read` with the member of a JSON object that an attribute holds, if there is one.
template <typename Read>
void ReadMember(const SpanValue& value, const char* name, Read read) {
  constexpr size_t kBytesMax = 64 << 10;
  constexpr size_t kDepthMax = 32;
  simdjson::dom::parser parser;
  simdjson::dom::element object;
  simdjson::dom::element member;
  if (!value.Text().empty() && value.Text().size() <= kBytesMax &&
      parser.allocate(value.Text().size(), kDepthMax) == simdjson::SUCCESS &&
      parser.parse(value.Text().data(), value.Text().size()).get(object) == simdjson::SUCCESS &&
      object[name].get(member) == simdjson::SUCCESS) {
    read(member);
  }
}

// Returns a text in such an object, "" if it is none.
std::string MemberOf(const SpanValue& value, const char* name, Texts* texts) {
  std::string found;
  ReadMember(value, name, [&](const simdjson::dom::element& member) {
    std::string_view text;
    if (member.get(text) == simdjson::SUCCESS) {
      found = texts->Take({text.data(), text.size()});
    }
  });
  return found;
}

// Names that say nothing of a tier or a place are left out, as they are where a provider answers.
bool IsSaid(absl::string_view tier) {
  return !tier.empty() && tier != "standard" && tier != "default" && tier != "auto";
}

void ReadModel(const RawSpan& span, Texts* texts, KeptSpan* kept) {
  kept->set_model(
      texts->First({kLangfuseModel, kResponseModel, kAiResponseModel, kLlmResponseModel, kLlmModel,
                    kRequestModel, kAiModel, kEmbeddingModel, kClaudeModel}));
  kept->set_provider(
      texts->First({kProvider, kSystem, kAiProvider, kLlmProvider, kLlmSystem, kLangfuseProvider}));
  if (kept->provider().empty()) {  // LangChain's name for it, which OpenInference passes on.
    kept->set_provider(MemberOf(span[kMetadata], "ls_provider", texts));
  }
  kept->set_response_id(texts->First({kResponseId, kAiResponseId}));
  if (absl::StartsWith(span.name, "claude_code.")) {
    kept->set_response_id(texts->First({kRequestId}));
    kept->set_provider(kept->provider().empty() ? "anthropic" : kept->provider());
  }
  const std::string tier =
      texts->First({kOurServiceTier, kAnthropicTier, kOpenAiTier, kGenAiOpenAiTier, kGenAiTier});
  if (IsSaid(tier)) {
    kept->set_service_tier(tier);
  }
  kept->set_region(texts->First({kOurRegion}));
}

// What the client says that the call cost: a number, or a JSON object with a total.
int64_t CostOf(const RawSpan& span) {
  std::string text;
  for (const SpanAttribute attribute : {kCost, kUsageCost, kClaudeCost}) {
    const SpanValue& value = span[attribute];
    if (text.empty() && value.kind == SpanValue::Kind::kFraction) {
      text = ShortestDecimal(value.fraction);
    } else if (text.empty() && value.is_there()) {
      text = value.Text().empty() ? absl::StrCat(value.whole) : std::string(value.Text());
    }
  }
  ReadMember(span[kLangfuseCost], "total", [&](const simdjson::dom::element& total) {
    double usd = 0;
    if (text.empty() && total.get(usd) == simdjson::SUCCESS) {
      text = ShortestDecimal(usd);
    }
  });
  const std::optional<Picos> cost = text.empty() ? std::nullopt : ParseReportedCost(text);
  const bool fits = cost.has_value() && *cost >= 0 && *cost < Picos(INT64_MAX);
  return fits ? static_cast<int64_t>(*cost) + 1 : 0;
}

void ReadUsage(const SpanSource& source, const RawSpan& span, KeptSpan* kept) {
  const bool is_told =
      source.rule != nullptr && source.rule->accounting != CacheAccounting::kUnsaid;
  const SpanUsage read =
      ReadSpanUsage(span, is_told ? source.rule->accounting : AccountingOfScope(source.scope, span),
                    source.rule != nullptr && source.rule->writes_for_an_hour);
  kept->set_has_usage(read.usage.has_value());
  kept->set_usage_unknown(read.is_unknown);
  const auto& counts = read.usage.value_or(Usage()).counts;
  size_t used = counts.size();
  while (used > 0 && counts[used - 1] == 0) {
    --used;
  }
  kept->mutable_usage()->Assign(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(used));
  kept->set_reported_cost(CostOf(span));
}

std::string LastSegment(const std::string& path) {
  return path.substr(path.rfind('.') + 1);  // All of it if there is no point.
}

// The step that the span itself names for its calls.
std::string StepOf(absl::string_view scope, const RawSpan& span, Texts* texts) {
  if (std::string step =
          texts->First({kFunctionId, kLangsmithNode, kLangfuseNode, kGenerationName, kQuerySource});
      !step.empty()) {
    return step;
  }
  if (const std::string path = texts->First({kEntityPath}); !path.empty()) {
    return LastSegment(path);
  }
  if (std::string node = MemberOf(span[kMetadata], "langgraph_node", texts); !node.empty()) {
    return node;
  }
  const bool is_langfuse = span[kLangfuseType].is_there() || absl::StartsWith(scope, "langfuse");
  return is_langfuse ? texts->Take(span.name) : "";
}

// The step of the calls below the span.
std::string NodeOf(spans::v1::SpanRole role, const RawSpan& span, Texts* texts) {
  std::string name;
  switch (role) {
    case spans::v1::SPAN_ROLE_TOOL:
      name =
          texts->First({kToolName, kAiToolName, kOpenInferenceTool, kEntityName, kClaudeToolName});
      break;
    case spans::v1::SPAN_ROLE_AGENT:
    case spans::v1::SPAN_ROLE_NODE:
      name = texts->First(
          {kAgentName, kOpenInferenceAgent, kAgentNameOld, kEntityName, kLangsmithNode});
      break;
    default:
      return "";
  }
  return name.empty() ? texts->Take(span.name) : name;
}

void ReadNames(const SpanSource& source, const RawSpan& span, Texts* texts, KeptSpan* kept) {
  kept->set_step(StepOf(source.scope, span, texts));
  kept->set_node(NodeOf(kept->role(), span, texts));
  const bool is_of_ai_sdk =
      span[kAiOperation].is_there() && kept->role() != spans::v1::SPAN_ROLE_TOOL;
  kept->set_is_wrapper(is_of_ai_sdk || absl::StartsWith(source.scope, "litellm"));
  kept->set_agent(texts->First({kAgentName, kOpenInferenceAgent, kAgentNameOld}));
  kept->set_workflow(texts->First({kWorkflowName, kTraceloopWorkflow, kLangfuseTrace}));
  if (kept->workflow().empty()) {
    kept->set_workflow(texts->Take(span.workflow));
  }
  kept->set_session(texts->First({kConversation, kSessionId, kLangfuseSession, kAiSession,
                                  kAiContextSession, kTraceloopSession, kTraceloopThread,
                                  kLangsmithSession, kLangsmithThread, kMetadataSession}));
  kept->set_service(texts->Take(source.service));
  kept->set_our_step(texts->First({kOurStep}));
  kept->set_our_workflow(texts->First({kOurWorkflow}));
  kept->set_our_workflow_id(texts->First({kOurWorkflowId}));
  kept->set_our_outcome(texts->First({kOurOutcome}));
  for (const std::string& step : span[kOurUnused].Texts()) {
    kept->add_our_unused(texts->Take(step));
  }
}

// The first of these keys that is there, as a text; "" if none is.
std::string FirstMapped(const std::vector<SpanValue>& mapped, const std::vector<size_t>& keys,
                        Texts* texts) {
  for (const size_t key : keys) {
    if (key < mapped.size() && mapped[key].is_there()) {
      return texts->Take(mapped[key].AsText());
    }
  }
  return "";
}

void ReadMapped(const SpanSource& source, const RawSpan& span, Texts* texts, KeptSpan* kept) {
  if (span.mapped.empty() && source.mapped.empty()) {
    return;
  }
  const SpanMapping& mapping = *source.mapping;
  kept->set_mapped_step(FirstMapped(span.mapped, mapping.steps(), texts));
  kept->set_mapped_workflow(FirstMapped(span.mapped, mapping.workflows(), texts));
  if (const std::string session = FirstMapped(span.mapped, mapping.sessions(), texts);
      !session.empty()) {
    kept->set_session(session);
  }
  for (const SpanMapping::CallAttribute& attribute : mapping.attributes()) {
    for (const auto& [from, to] :
         {std::pair(&span.mapped, kept->mutable_attributes()),
          std::pair(&source.mapped, kept->mutable_resource_attributes())}) {
      if (std::string value = FirstMapped(*from, attribute.keys, texts); !value.empty()) {
        (*to)[attribute.name] = std::move(value);
      }
    }
  }
}

// What is kept of a span that is to be ignored: its place, for those below it.
void KeepPlace(KeptSpan* kept) {
  kept->set_role(spans::v1::SPAN_ROLE_OTHER);
  kept->set_is_wrapper(true);
}

}  // namespace

absl::StatusOr<KeptSpan> ReadSpan(const SpanSource& source, const RawSpan& span) {
  if (const absl::Status ids = CheckIds(span); !ids.ok()) {
    return ids;
  }
  Texts texts(span);
  KeptSpan kept;
  kept.set_span_id(std::string(span.span_id));
  if (IsId(span.parent_span_id, kSpanIdBytes)) {
    kept.set_parent_span_id(std::string(span.parent_span_id));
  }
  kept.set_name(texts.Take(span.name));
  kept.set_scope(texts.Take(source.scope));
  kept.set_resource(source.resource);
  kept.set_start_unix_ns(span.start_ns);
  kept.set_end_unix_ns(span.end_ns);
  // Langfuse's SDK says of its own observations that they failed, and leaves the status as it is.
  kept.set_is_error(span.is_error || span[kLangfuseLevel].Text() == "ERROR");
  kept.set_is_highest(span[kLangfuseRoot].whole == 1);
  if (const std::optional<uint64_t> after_ns = FirstTokenOf(span)) {
    kept.set_first_token_ns(*after_ns + 1);
  }
  if (source.rule != nullptr && source.rule->is_ignored) {
    KeepPlace(&kept);
  } else {
    kept.set_role(RoleOf(span));
    ReadModel(span, &texts, &kept);
    ReadUsage(source, span, &kept);
    ReadNames(source, span, &texts, &kept);
    ReadMapped(source, span, &texts, &kept);
  }
  if (!texts.status().ok()) {
    return texts.status();
  }
  return kept;
}

}  // namespace itemized::server
