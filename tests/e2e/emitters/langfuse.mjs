// SPDX-License-Identifier: Apache-2.0
// Langfuse's SDK, which sends its own observations and the spans of the AI SDK, but none of the
// application. Usage: langfuse.mjs TRANSPORT HTTP_ADDRESS GRPC_ADDRESS.
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { propagateAttributes, startActiveObservation, startObservation } from '@langfuse/tracing';
import { generateText, stepCountIs, tool } from 'ai6';
import { createAnthropic } from 'ai6-anthropic';
import { createOpenAI } from 'ai6-openai';
import { z } from 'zod';
import { startModels } from './models.mjs';
import { runScenarios, server, startTracing } from './telemetry.mjs';

const provider = startTracing(
  new LangfuseSpanProcessor({ publicKey: 'pk-lf-none', secretKey: 'sk-lf-none', baseUrl: server }),
);
const models = await startModels();
const mini = createOpenAI({ apiKey: 'none', baseURL: models.openai }).chat('gpt-4o-mini');
const sonnet = createAnthropic({ apiKey: 'none', baseURL: models.openai })('claude-sonnet-4-5');

// What an application tells Langfuse of a call: the answer's counts, in classes that do not overlap.
async function generation(name, more = '') {
  const observation = startObservation(name, { model: 'gpt-4o-mini' }, { asType: 'generation' });
  const response = await fetch(`${models.openai}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ content: `[${name}] ${more}` }] }),
  });
  const { model, usage } = await response.json();
  if (!response.ok) {
    observation.update({ level: 'ERROR', statusMessage: 'it is down' }).end();
    return;
  }
  const cached = usage.prompt_tokens_details.cached_tokens;
  const reasoning = usage.completion_tokens_details.reasoning_tokens;
  const usageDetails = {
    input: usage.prompt_tokens - cached,
    input_cached_tokens: cached,
    output: usage.completion_tokens - reasoning,
    output_reasoning_tokens: reasoning,
    total: usage.total_tokens,
  };
  observation.update({ model, usageDetails }).end();
}
const inSession = (run) => propagateAttributes({ sessionId: 's-9', traceName: 'research' }, run);
const ask = (model, step, more = {}) =>
  generateText({
    model,
    prompt: `[${step}] ${more.tools ? '[use lookup]' : ''}`,
    experimental_telemetry: { isEnabled: true, functionId: step },
    ...more,
  });
const lookup = tool({
  description: 'Looks something up.',
  inputSchema: z.object({ q: z.string() }),
  execute: async () => (await ask(mini, 'reranker')).text,
});

await runScenarios(provider, models, {
  plain: () => inSession(() => startActiveObservation('answer', () => generation('writer'))),
  nested: () =>
    inSession(() =>
      startActiveObservation(
        'planner',
        async () => {
          await generation('thinker');
          await startActiveObservation('lookup', () => generation('ranker'), { asType: 'tool' });
        },
        { asType: 'agent' },
      ),
    ),
  ai_sdk: () =>
    inSession(() =>
      startActiveObservation('answer', () =>
        ask(sonnet, 'planner', { stopWhen: stepCountIs(3), tools: { lookup } }),
      ),
    ),
  filtered: () => ask(mini, 'writer'),
  failed: () => inSession(() => startActiveObservation('answer', () => generation('writer', '[down]'))),
});
