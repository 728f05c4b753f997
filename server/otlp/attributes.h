// SPDX-License-Identifier: Apache-2.0
#pragma once

// This folder makes calls of OpenTelemetry spans: it reads OTLP, keeps what a bill needs of each
// span, and counts each call of a model once. It uses server/convert and storage, and knows nothing
// of gRPC and HTTP.

// The attributes of spans that are read. No other attribute is looked at: prompts and answers,
// which are attributes as well, are skipped where they lie.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace itemized::server {

// X(constant, key). Sources: OpenTelemetry's semantic conventions for GenAI up to 1.41 and those
// that came after, and what the emitters of the table in ARCHITECTURE.md send beside them.
#define ITEMIZED_SPAN_ATTRIBUTES(X)                                           \
  /* What senders set for us. They win over everything else. */               \
  X(kOurStep, "itemized.step")                                                \
  X(kOurWorkflow, "itemized.workflow")                                        \
  X(kOurWorkflowId, "itemized.workflow_id")                                   \
  X(kOurOutcome, "itemized.outcome")                                          \
  X(kOurUnused, "itemized.unused")                                            \
  X(kOurServiceTier, "itemized.service_tier")                                 \
  X(kOurRegion, "itemized.region")                                            \
  /* What kind of span it is. */                                              \
  X(kLangfuseType, "langfuse.observation.type")                               \
  X(kOpenInferenceKind, "openinference.span.kind")                            \
  X(kLangsmithKind, "langsmith.span.kind")                                    \
  X(kClaudeType, "span.type")                                                 \
  X(kAiOperation, "ai.operationId")                                           \
  X(kOperation, "gen_ai.operation.name")                                      \
  X(kLlmRequestType, "llm.request.type")                                      \
  X(kTraceloopKind, "traceloop.span.kind")                                    \
  /* Models and providers. */                                                 \
  X(kLangfuseModel, "langfuse.observation.model.name")                        \
  X(kResponseModel, "gen_ai.response.model")                                  \
  X(kAiResponseModel, "ai.response.model")                                    \
  X(kLlmResponseModel, "llm.response.model_name")                             \
  X(kLlmModel, "llm.model_name")                                              \
  X(kRequestModel, "gen_ai.request.model")                                    \
  X(kAiModel, "ai.model.id")                                                  \
  X(kEmbeddingModel, "embedding.model_name")                                  \
  X(kClaudeModel, "model")                                                    \
  X(kProvider, "gen_ai.provider.name")                                        \
  X(kSystem, "gen_ai.system")                                                 \
  X(kAiProvider, "ai.model.provider")                                         \
  X(kLlmProvider, "llm.provider")                                             \
  X(kLlmSystem, "llm.system")                                                 \
  X(kLangfuseProvider, "langfuse.observation.metadata.ls_provider")           \
  X(kResponseId, "gen_ai.response.id")                                        \
  X(kAiResponseId, "ai.response.id")                                          \
  X(kAnthropicTier, "anthropic.response.service_tier")                        \
  X(kOpenAiTier, "openai.response.service_tier")                              \
  X(kGenAiOpenAiTier, "gen_ai.openai.response.service_tier")                  \
  X(kGenAiTier, "gen_ai.response.service_tier")                               \
  /* Counts. */                                                               \
  X(kInput, "gen_ai.usage.input_tokens")                                      \
  X(kPrompt, "gen_ai.usage.prompt_tokens")                                    \
  X(kOutput, "gen_ai.usage.output_tokens")                                    \
  X(kCompletion, "gen_ai.usage.completion_tokens")                            \
  X(kTotal, "gen_ai.usage.total_tokens")                                      \
  X(kCacheRead, "gen_ai.usage.cache_read.input_tokens")                       \
  X(kCacheWrite, "gen_ai.usage.cache_write.input_tokens")                     \
  X(kCacheCreation, "gen_ai.usage.cache_creation.input_tokens")               \
  X(kCacheReadFlat, "gen_ai.usage.cache_read_input_tokens")                   \
  X(kCacheCreationFlat, "gen_ai.usage.cache_creation_input_tokens")           \
  X(kCacheReadDetail, "gen_ai.usage.details.cache_read_tokens")               \
  X(kCacheReadDetailLong, "gen_ai.usage.details.cache_read_input_tokens")     \
  X(kCacheWriteDetail, "gen_ai.usage.details.cache_write_tokens")             \
  X(kCacheCreationDetail, "gen_ai.usage.details.cache_creation_input_tokens") \
  X(kCachedDetail, "gen_ai.usage.details.cached_tokens")                      \
  X(kReasoning, "gen_ai.usage.reasoning.output_tokens")                       \
  X(kReasoningFlat, "gen_ai.usage.reasoning_tokens")                          \
  X(kReasoningDetail, "gen_ai.usage.details.reasoning_tokens")                \
  X(kInputDetails, "gen_ai.usage.input_token_details")                        \
  X(kOutputDetails, "gen_ai.usage.output_token_details")                      \
  X(kAnthropic5m, "anthropic.usage.cache_creation.ephemeral_5m_input_tokens") \
  X(kAnthropic1h, "anthropic.usage.cache_creation.ephemeral_1h_input_tokens") \
  X(kAiMetadata, "ai.response.providerMetadata")                              \
  X(kAiInput, "ai.usage.inputTokens")                                         \
  X(kAiPrompt, "ai.usage.promptTokens")                                       \
  X(kAiOutput, "ai.usage.outputTokens")                                       \
  X(kAiCompletion, "ai.usage.completionTokens")                               \
  X(kAiTokens, "ai.usage.tokens")                                             \
  X(kAiNoCache, "ai.usage.inputTokenDetails.noCacheTokens")                   \
  X(kAiCacheRead, "ai.usage.inputTokenDetails.cacheReadTokens")               \
  X(kAiCacheWrite, "ai.usage.inputTokenDetails.cacheWriteTokens")             \
  X(kAiCached, "ai.usage.cachedInputTokens")                                  \
  X(kAiReasoning, "ai.usage.outputTokenDetails.reasoningTokens")              \
  X(kAiReasoningFlat, "ai.usage.reasoningTokens")                             \
  X(kLlmPrompt, "llm.token_count.prompt")                                     \
  X(kLlmCompletion, "llm.token_count.completion")                             \
  X(kLlmCacheRead, "llm.token_count.prompt_details.cache_read")               \
  X(kLlmCacheWrite, "llm.token_count.prompt_details.cache_write")             \
  X(kLlmReasoning, "llm.token_count.completion_details.reasoning")            \
  X(kLlmUsagePrompt, "llm.usage.prompt_tokens")                               \
  X(kLlmUsageCompletion, "llm.usage.completion_tokens")                       \
  X(kLlmUsageCacheRead, "llm.usage.cache_read_input_tokens")                  \
  X(kLlmUsageCacheCreation, "llm.usage.cache_creation_input_tokens")          \
  X(kLangfuseUsage, "langfuse.observation.usage_details")                     \
  X(kClaudeInput, "input_tokens")                                             \
  X(kClaudeOutput, "output_tokens")                                           \
  X(kClaudeCacheRead, "cache_read_tokens")                                    \
  X(kClaudeCacheCreation, "cache_creation_tokens")                            \
  /* Of log records of Claude Code. */                                        \
  X(kEventName, "event.name")                                                 \
  X(kPromptId, "prompt.id")                                                   \
  X(kEventSequence, "event.sequence")                                         \
  X(kRequestId, "request_id")                                                 \
  X(kDurationMs, "duration_ms")                                               \
  /* When the first token came. */                                            \
  X(kFirstChunk, "gen_ai.response.time_to_first_chunk")                       \
  X(kAiFirstChunk, "ai.response.msToFirstChunk")                              \
  X(kClaudeFirstToken, "ttft_ms")                                             \
  X(kLangfuseFirstToken, "langfuse.observation.completion_start_time")        \
  /* What the client says that it cost. */                                    \
  X(kCost, "gen_ai.cost.total_cost")                                          \
  X(kUsageCost, "gen_ai.usage.cost")                                          \
  X(kLangfuseCost, "langfuse.observation.cost_details")                       \
  X(kClaudeCost, "cost_usd")                                                  \
  /* Steps, workflows, sessions. */                                           \
  X(kAgentName, "gen_ai.agent.name")                                          \
  X(kAgentNameOld, "agent_name")                                              \
  X(kOpenInferenceAgent, "agent.name")                                        \
  X(kToolName, "gen_ai.tool.name")                                            \
  X(kAiToolName, "ai.toolCall.name")                                          \
  X(kOpenInferenceTool, "tool.name")                                          \
  X(kClaudeToolName, "tool_name")                                             \
  X(kWorkflowName, "gen_ai.workflow.name")                                    \
  X(kFunctionId, "ai.telemetry.functionId")                                   \
  X(kEntityName, "traceloop.entity.name")                                     \
  X(kEntityPath, "traceloop.entity.path")                                     \
  X(kTraceloopWorkflow, "traceloop.workflow.name")                            \
  X(kMetadata, "metadata")                                                    \
  X(kLangsmithNode, "langsmith.metadata.langgraph_node")                      \
  X(kLangfuseNode, "langfuse.observation.metadata.langgraph_node")            \
  X(kQuerySource, "query_source")                                             \
  X(kGenerationName, "metadata.generation_name")                              \
  X(kLangfuseTrace, "langfuse.trace.name")                                    \
  X(kLangfuseRoot, "langfuse.internal.is_app_root")                           \
  X(kLangfuseLevel, "langfuse.observation.level")                             \
  X(kConversation, "gen_ai.conversation.id")                                  \
  X(kSessionId, "session.id")                                                 \
  X(kLangfuseSession, "langfuse.session.id")                                  \
  X(kAiSession, "ai.telemetry.metadata.sessionId")                            \
  X(kAiContextSession, "ai.settings.context.sessionId")                       \
  X(kTraceloopSession, "traceloop.association.properties.session_id")         \
  X(kTraceloopThread, "traceloop.association.properties.thread_id")           \
  X(kLangsmithSession, "langsmith.metadata.session_id")                       \
  X(kLangsmithThread, "langsmith.metadata.thread_id")                         \
  X(kMetadataSession, "metadata.session_id")

enum class SpanAttribute : uint8_t {
#define ITEMIZED_CONSTANT(constant, key) constant,
  ITEMIZED_SPAN_ATTRIBUTES(ITEMIZED_CONSTANT)
#undef ITEMIZED_CONSTANT
};

#define ITEMIZED_ONE(constant, key) +1
inline constexpr size_t kSpanAttributeCount = 0 ITEMIZED_SPAN_ATTRIBUTES(ITEMIZED_ONE);
#undef ITEMIZED_ONE

// Returns which attribute has this key, if it is one that is read.
std::optional<SpanAttribute> FindSpanAttribute(absl::string_view key);

}  // namespace itemized::server
