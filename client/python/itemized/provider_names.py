# SPDX-License-Identifier: Apache-2.0
"""The providers that are known by name, and the names under which a model may stand in a price list.

The rows are those of storage/pricing/provider_names.h, in its order, and the rules those of
name_forms.h; a test compares the rows.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple, Optional


class Provider(NamedTuple):
    """A row of the table; each text is names or patterns with spaces between them."""

    name: str
    synonyms: str = ""  #: Other names in lower case; a * at the end stands for all that begin so.
    models: str = ""  #: Patterns of models that only this provider has.
    falls_back_to: str = ""  #: Providers whose models this one serves at their prices.


PROVIDERS = (
    Provider("anthropic", "claude anthropic.*", "claude*"),
    Provider("openai", "openai_chat openai.* text-completion-openai", "gpt-* chatgpt-* o1* o3* o4* codex-* computer-use-* text-embedding-* whisper-1 tts-1* dall-e-* ft:*"),
    Provider("google", "gemini gcp.gemini gcp.vertex_ai gcp.gen_ai google_genai google-genai google_vertexai google-vertex google.generative-ai google.vertex* google_anthropic_vertex vertex vertexai vertex_ai vertex_ai_beta vertex_ai-*", "gemini* gemma*", "anthropic"),
    Provider("aws", "aws.bedrock aws_bedrock bedrock bedrock_converse bedrock_mantle amazon amazon-bedrock amazon_bedrock amazon.bedrock", "anthropic.* amazon.* us.* eu.* apac.* jp.* au.* global.* us-gov.*"),
    Provider("azure", "azure.ai.openai azure.ai.inference az.ai.openai az.ai.inference azure_ai azure-openai azure_openai azureopenai azure_text azure.* azure-openai.*", "", "openai anthropic deepseek x-ai moonshotai"),
    Provider("x-ai", "xai x_ai xai.*", "grok*"),
    Provider("mistral", "mistralai mistral_ai mistral.* codestral text-completion-codestral", "mistral-* ministral-* codestral-* devstral-* magistral-* pixtral-* voxtral-* open-mistral-* open-mixtral-* labs-devstral-*"),
    Provider("deepseek", "deepseek_ai deepseek.*", "deepseek-*"),
    Provider("cohere", "cohere_chat cohere.*", "command-* embed-english-* embed-multilingual-*"),
    Provider("moonshotai", "moonshot moonshot_ai moonshot-ai", "kimi-* moonshot-*"),
    Provider("minimax", "", "minimax-*"),
    Provider("zhipuai", "zhipu", "glm-*"),
    Provider("zai", "z-ai z.ai"),
    Provider("perplexity", "perplexityai perplexity-ai perplexity.* pplx", "sonar sonar-*"),
    Provider("voyageai", "voyage voyage-ai", "voyage-*"),
    Provider("cursor", "", "composer-*"),
    Provider("fireworks", "fireworks_ai fireworks-ai fireworks_ai-* fireworks.*", "accounts/fireworks/*"),
    Provider("cloudflare", "workers-ai workers_ai", "@cf/*"),
    Provider("together", "together_ai together-ai togetherai togetherai.*"),
    Provider("groq", "groq.*"),
    Provider("cerebras", "cerebras.*"),
    Provider("openrouter", "open-router"),
    Provider("novita", "novita_ai novita-ai"),
    Provider("github-copilot", "github_copilot copilot"),
    Provider("ovhcloud", "ovh"),
    Provider("arcee", "arcee-ai arcee_ai"),
    Provider("avian", ""),
    Provider("baseten", ""),
    Provider("doubleword", ""),
    Provider("modal", ""),
    Provider("quicksilverpro", ""),
    Provider("typesafe", "", "jev-*"),
    Provider("ollama", "ollama_chat ollama.chat"),
)
_GATEWAYS = frozenset(
    "litellm litellm_proxy portkey helicone gateway vercel ai-gateway ai_gateway custom unknown".split()
)
_FORMS_MAX = 32
_DATE = re.compile(r"-(?:latest|\d{8}|\d{4}-\d{2}-\d{2})$", re.ASCII)
_BEDROCK = re.compile(
    r"(?:(?:us|eu|apac|jp|au|global|us-gov)\.)?[A-Za-z0-9-]+\.(.+?)(?:-v\d+(?::\d+)?)?$", re.ASCII | re.DOTALL
)
_BY_NAME = {name: row for row in reversed(PROVIDERS) for name in (row.name, *row.synonyms.split())}


def _by_pattern(field: str, text: str) -> Optional[Provider]:
    for row in PROVIDERS:
        for pattern in getattr(row, field).split():
            if text == pattern or (pattern.endswith("*") and text.startswith(pattern[:-1])):
                return row
    return None


@functools.lru_cache(maxsize=1_000)
def find_provider(name: str) -> Optional[Provider]:
    """The row of a provider under any of its names, whatever their case."""
    return _BY_NAME.get(name.lower()) or _by_pattern("synonyms", name.lower())


def canonical_provider(name: str) -> str:
    """The name by which providers are compared: "" for a gateway, which says nothing of who answered."""
    row = find_provider(name)
    if row is not None:
        return row.name
    return "" if name.lower() in _GATEWAYS else name.lower()


def _without_path(provider: str, model: str) -> list[tuple[str, str]]:
    rest = model
    if rest.startswith("publishers/") and "/models/" in rest:
        rest = rest[rest.index("/models/") + 1 :]
    return [(provider, rest[len("models/") :])] if rest.startswith("models/") else []


def _routed(provider: str, model: str) -> list[tuple[str, str]]:
    route, slash, rest = model.partition("/")
    row = find_provider(route) if slash else None
    return [(row.name, rest)] if row is not None and provider in ("", row.name) else []


def _of_model(provider: str, model: str) -> list[tuple[str, str]]:
    row = None if provider else _by_pattern("models", model.lower())
    return [] if row is None else [(row.name, model)]


def _fallbacks(provider: str, model: str) -> list[tuple[str, str]]:
    row = find_provider(provider)
    return [] if row is None else [(other, model) for other in row.falls_back_to.split()]


def _bedrock(provider: str, model: str) -> list[tuple[str, str]]:
    found = _BEDROCK.match(model) if provider == "aws" else None
    return [] if found is None else [(provider, found.group(1))]


def forms_of(provider: str, model: str) -> list[tuple[str, str]]:
    """The ways to read the names of a call, the likelier first; the first is the names as they
    stand. The rules are those of storage/pricing/name_forms.h."""
    canonical = canonical_provider(provider)
    forms = [(canonical, model)] if canonical or not provider else [(provider.lower(), model), ("", model)]
    rules = (
        _without_path,
        _routed,
        _of_model,
        lambda provider, model: [(provider, model.rpartition("@")[0])] if "@" in model else [],
        _fallbacks,
        _bedrock,
        lambda provider, model: [(provider, _DATE.sub("", model))],
        lambda provider, model: [(provider, model.lower())],
    )
    for rule in rules:
        for form in list(forms):
            for read in rule(*form):
                if read[1] and read not in forms and len(forms) < _FORMS_MAX:
                    forms.append(read)
    return forms
