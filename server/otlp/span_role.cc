// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/span_role.h"

#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace itemized::server {
namespace {

using enum SpanAttribute;
using spans::v1::SpanRole;
using Roles = absl::flat_hash_map<absl::string_view, SpanRole>;

constexpr SpanRole kOther = spans::v1::SPAN_ROLE_OTHER;
constexpr SpanRole kModel = spans::v1::SPAN_ROLE_MODEL;
constexpr SpanRole kAgent = spans::v1::SPAN_ROLE_AGENT;
constexpr SpanRole kTool = spans::v1::SPAN_ROLE_TOOL;
constexpr SpanRole kNode = spans::v1::SPAN_ROLE_NODE;
constexpr SpanRole kWorkflow = spans::v1::SPAN_ROLE_WORKFLOW;

// gen_ai.operation.name of the conventions, LiteLLM's call types, and what other emitters put
// there.
const Roles& Operations() {
  static const auto* const kOperations = new Roles{{"chat", kModel},
                                                   {"generate_content", kModel},
                                                   {"text_completion", kModel},
                                                   {"completion", kModel},
                                                   {"acompletion", kModel},
                                                   {"atext_completion", kModel},
                                                   {"completions", kModel},
                                                   {"responses", kModel},
                                                   {"aresponses", kModel},
                                                   {"response", kModel},
                                                   {"messages", kModel},
                                                   {"anthropic_messages", kModel},
                                                   {"message", kModel},
                                                   {"embeddings", kModel},
                                                   {"embedding", kModel},
                                                   {"aembedding", kModel},
                                                   {"image_generation", kModel},
                                                   {"aimage_generation", kModel},
                                                   {"transcription", kModel},
                                                   {"atranscription", kModel},
                                                   {"speech", kModel},
                                                   {"aspeech", kModel},
                                                   {"rerank", kModel},
                                                   {"arerank", kModel},
                                                   {"realtime", kModel},
                                                   {"invoke_agent", kAgent},
                                                   {"agent", kAgent},
                                                   {"execute_tool", kTool},
                                                   {"tool", kTool},
                                                   {"plan", kNode},
                                                   {"task", kNode},
                                                   {"invoke_workflow", kWorkflow},
                                                   {"workflow", kWorkflow},
                                                   {"chain", kWorkflow}};
  return *kOperations;
}

std::optional<SpanRole> Find(const Roles& roles, const SpanValue& value) {
  if (value.Text().empty()) {
    return std::nullopt;
  }
  const auto found = roles.find(absl::AsciiStrToLower(value.Text()));
  return found == roles.end() ? kOther : found->second;
}

std::optional<SpanRole> OfLangfuse(const RawSpan& span) {
  static const auto* const kTypes =
      new Roles{{"generation", kModel}, {"embedding", kModel}, {"agent", kAgent},
                {"tool", kTool},        {"span", kNode},       {"chain", kNode},
                {"retriever", kNode},   {"evaluator", kNode},  {"guardrail", kNode}};
  return Find(*kTypes, span[kLangfuseType]);
}

std::optional<SpanRole> OfOpenInference(const RawSpan& span) {
  static const auto* const kKinds =
      new Roles{{"llm", kModel},      {"embedding", kModel}, {"agent", kAgent},
                {"tool", kTool},      {"chain", kNode},      {"retriever", kNode},
                {"evaluator", kNode}, {"guardrail", kNode},  {"reranker", kNode}};
  return Find(*kKinds, span[kOpenInferenceKind]);
}

std::optional<SpanRole> OfLangsmith(const RawSpan& span) {
  static const auto* const kKinds = new Roles{
      {"llm", kModel}, {"embedding", kModel}, {"tool", kTool}, {"chain", kNode}, {"agent", kAgent}};
  return Find(*kKinds, span[kLangsmithKind]);
}

std::optional<SpanRole> OfClaudeCode(const RawSpan& span) {
  if (!absl::StartsWith(span.name, "claude_code.")) {
    return std::nullopt;
  }
  return span.name == "claude_code.llm_request" ? kModel
         : span.name == "claude_code.tool"      ? kTool
                                                : kOther;
}

// The AI SDK up to version 6. Its outer spans repeat the usage of what is below them.
std::optional<SpanRole> OfAiSdk(const RawSpan& span) {
  const absl::string_view id = span[kAiOperation].Text();
  if (id.empty()) {
    return std::nullopt;
  }
  for (const absl::string_view suffix : {".doGenerate", ".doStream", ".doEmbed"}) {
    if (absl::EndsWith(id, suffix)) {
      return kModel;
    }
  }
  return id == "ai.toolCall" ? kTool : kOther;
}

std::optional<SpanRole> OfLegacy(const RawSpan& span) {
  static const auto* const kTypes = new Roles{{"chat", kModel},
                                              {"completion", kModel},
                                              {"embedding", kModel},
                                              {"embeddings", kModel},
                                              {"rerank", kModel}};
  return Find(*kTypes, span[kLlmRequestType]);
}

std::optional<SpanRole> OfTraceloop(const RawSpan& span) {
  static const auto* const kKinds =
      new Roles{{"workflow", kWorkflow}, {"task", kNode}, {"agent", kAgent}, {"tool", kTool}};
  return Find(*kKinds, span[kTraceloopKind]);
}

std::optional<SpanRole> OfConventions(const RawSpan& span) {
  return Find(Operations(), span[kOperation]);
}

}  // namespace

SpanRole RoleOf(const RawSpan& span) {
  for (const auto of : {OfLangfuse, OfOpenInference, OfLangsmith, OfClaudeCode, OfAiSdk,
                        OfConventions, OfLegacy, OfTraceloop}) {
    if (const std::optional<SpanRole> role = of(span)) {
      return *role;
    }
  }
  return kOther;
}

}  // namespace itemized::server
