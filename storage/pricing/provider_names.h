// SPDX-License-Identifier: Apache-2.0
#pragma once

// The providers that are known by name, under all names that clients, price files and conventions
// give them. This table is the one list of them: C++ reads it, and tests hold
// client/python/itemized/provider_names.py against it.

#include <array>
#include <string>

#include "absl/strings/string_view.h"

namespace itemized {

// A row has:
//   name           the name that the bundled prices have for the provider
//   synonyms       other names of it, lower-case and separated by spaces; one that ends in * stands
//                  for all names that begin so. Sources: gen_ai.provider.name and gen_ai.system of
//                  OpenTelemetry, litellm_provider of LiteLLM's price file, ls_provider of
//                  LangChain, provider ids of the Vercel AI SDK and of genai-prices
//   models         patterns of model names that only this provider has, separated by spaces: a call
//                  without a provider is of the first row that has its model. * stands for any text
//   falls_back_to  providers whose models this one serves at their prices, in order
//                  (fallback_model_providers of genai-prices)
struct ProviderRow {
  absl::string_view name;
  absl::string_view synonyms = "";
  absl::string_view models = "";
  absl::string_view falls_back_to = "";
};

inline constexpr std::array kProviderRows = {
    ProviderRow{"anthropic", "claude anthropic.*", "claude*"},
    ProviderRow{"openai", "openai_chat openai.* text-completion-openai",
                "gpt-* chatgpt-* o1* o3* o4* codex-* computer-use-* text-embedding-* whisper-1 "
                "tts-1* dall-e-* ft:*"},
    ProviderRow{
        "google",
        "gemini gcp.gemini gcp.vertex_ai gcp.gen_ai google_genai google-genai "
        "google_vertexai google-vertex google.generative-ai google.vertex* google_anthropic_"
        "vertex vertex vertexai vertex_ai vertex_ai_beta vertex_ai-*",
        "gemini* gemma*", "anthropic"},
    ProviderRow{"aws",
                "aws.bedrock aws_bedrock bedrock bedrock_converse bedrock_mantle amazon "
                "amazon-bedrock amazon_bedrock amazon.bedrock",
                "anthropic.* amazon.* us.* eu.* apac.* jp.* au.* global.* us-gov.*"},
    ProviderRow{"azure",
                "azure.ai.openai azure.ai.inference az.ai.openai az.ai.inference azure_ai "
                "azure-openai azure_openai azureopenai azure_text azure.* azure-openai.*",
                "", "openai anthropic deepseek x-ai moonshotai"},
    ProviderRow{"x-ai", "xai x_ai xai.*", "grok*"},
    ProviderRow{"mistral", "mistralai mistral_ai mistral.* codestral text-completion-codestral",
                "mistral-* ministral-* codestral-* devstral-* magistral-* pixtral-* voxtral-* "
                "open-mistral-* open-mixtral-* labs-devstral-*"},
    ProviderRow{"deepseek", "deepseek_ai deepseek.*", "deepseek-*"},
    ProviderRow{"cohere", "cohere_chat cohere.*", "command-* embed-english-* embed-multilingual-*"},
    ProviderRow{"moonshotai", "moonshot moonshot_ai moonshot-ai", "kimi-* moonshot-*"},
    ProviderRow{"minimax", "", "minimax-*"},
    ProviderRow{"zhipuai", "zhipu", "glm-*"},
    ProviderRow{"zai", "z-ai z.ai"},
    ProviderRow{"perplexity", "perplexityai perplexity-ai perplexity.* pplx", "sonar sonar-*"},
    ProviderRow{"voyageai", "voyage voyage-ai", "voyage-*"},
    ProviderRow{"cursor", "", "composer-*"},
    ProviderRow{"fireworks", "fireworks_ai fireworks-ai fireworks_ai-* fireworks.*",
                "accounts/fireworks/*"},
    ProviderRow{"cloudflare", "workers-ai workers_ai", "@cf/*"},
    ProviderRow{"together", "together_ai together-ai togetherai togetherai.*"},
    ProviderRow{"groq", "groq.*"},
    ProviderRow{"cerebras", "cerebras.*"},
    ProviderRow{"openrouter", "open-router"},
    ProviderRow{"novita", "novita_ai novita-ai"},
    ProviderRow{"github-copilot", "github_copilot copilot"},
    ProviderRow{"ovhcloud", "ovh"},
    ProviderRow{"arcee", "arcee-ai arcee_ai"},
    ProviderRow{"avian", ""},
    ProviderRow{"baseten", ""},
    ProviderRow{"doubleword", ""},
    ProviderRow{"modal", ""},
    ProviderRow{"quicksilverpro", ""},
    ProviderRow{"typesafe", "", "jev-*"},
    ProviderRow{"ollama", "ollama_chat ollama.chat"},
};

// Programs that pass calls on: as a provider, their names say nothing of who answered.
inline constexpr absl::string_view kGatewayNames =
    "litellm litellm_proxy portkey helicone gateway "
    "vercel ai-gateway ai_gateway custom unknown";

// Returns the row of a provider under any of its names, whatever their case; null if there is none.
const ProviderRow* FindProvider(absl::string_view name);

// Returns the name by which providers are compared: that of the row; "" for a gateway; else `name`
// in lower case.
std::string CanonicalProvider(absl::string_view name);

// Whether both are names of one provider. A gateway is the same as itself alone.
bool IsSameProvider(absl::string_view a, absl::string_view b);

// Returns the provider that alone has models of this name; null if none is known.
const ProviderRow* ProviderOfModel(absl::string_view model);

}  // namespace itemized
