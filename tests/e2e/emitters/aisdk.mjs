// SPDX-License-Identifier: Apache-2.0
// The AI SDK, version 5, 6 or 7, with models of OpenAI and Anthropic. Version 7 leaves details out
// unless it is told not to, and can send what version 6 sent.
// Usage: aisdk.mjs TRANSPORT HTTP_ADDRESS GRPC_ADDRESS 5|6|7 [detailed|legacy].
import { z } from 'zod';
import { startModels } from './models.mjs';
import { runScenarios, startTracing } from './telemetry.mjs';

const [version, variant] = process.argv.slice(5);
const packages = {
  5: ['ai', '@ai-sdk/openai', '@ai-sdk/anthropic'],
  6: ['ai6', 'ai6-openai', 'ai6-anthropic'],
  7: ['ai7', 'ai7-openai', 'ai7-anthropic'],
}[version];
const [sdk, { createOpenAI }, { createAnthropic }] = await Promise.all(
  packages.map((name) => import(name)),
);
const { embed, generateText, stepCountIs, isStepCount, streamText, tool } = sdk;
const upTo = isStepCount ?? stepCountIs;

const provider = startTracing();
if (version === '7') {
  const { LegacyOpenTelemetry, OpenTelemetry } = await import('@ai-sdk/otel');
  const isDetailed = variant === 'detailed';
  const details = { usage: isDetailed, providerMetadata: isDetailed, runtimeContext: isDetailed };
  sdk.registerTelemetry(
    variant === 'legacy' ? new LegacyOpenTelemetry() : new OpenTelemetry(details),
  );
}
const models = await startModels();
const openai = createOpenAI({ apiKey: 'none', baseURL: models.openai });
const anthropic = createAnthropic({ apiKey: 'none', baseURL: models.openai });
const mini = openai.chat('gpt-4o-mini');
const sonnet = anthropic('claude-sonnet-4-5');

// What an application says of its calls.
const telemetry = (functionId) =>
  version === '7'
    ? {
        runtimeContext: { sessionId: 's-9' },
        telemetry: { functionId, includeRuntimeContext: { sessionId: true } },
      }
    : {
        experimental_telemetry: {
          isEnabled: true,
          functionId,
          metadata: { sessionId: 's-9' },
        },
      };
const ask = (model, step, prompt = '', more = {}) =>
  generateText({ model, prompt: `[${step}] ${prompt}`, ...telemetry(step), ...more });
const stream = async (model, step, prompt = '', more = {}) => {
  const result = streamText({ model, prompt: `[${step}] ${prompt}`, ...telemetry(step), ...more });
  await result.consumeStream();
  return result.text;
};
const lookup = (execute) =>
  tool({ description: 'Looks something up.', inputSchema: z.object({ q: z.string() }), execute });
const nested = (model, run) => ({
  stopWhen: upTo(3),
  tools: { lookup: lookup(async () => (await run(model, 'reranker')).text ?? 'none') },
});

await runScenarios(provider, models, {
  plain: async () => {
    await ask(mini, 'writer');
    await ask(sonnet, 'critic');
    await ask(openai.responses('gpt-4o-mini'), 'editor');
  },
  streamed: async () => {
    await stream(mini, 'writer');
    await stream(sonnet, 'critic');
    await stream(openai.responses('gpt-4o-mini'), 'editor');
  },
  nested: () => ask(sonnet, 'planner', '[use lookup]', nested(mini, ask)),
  nested_streams: () => stream(mini, 'planner', '[use lookup]', nested(sonnet, stream)),
  side_by_side: () => Promise.all(['one', 'two', 'three'].map((step) => ask(mini, step))),
  embedding: () =>
    embed({
      model: openai.embedding('text-embedding-3-small'),
      value: '[indexer]',
      ...telemetry('indexer'),
    }),
  retried: () => ask(mini, 'writer', '[fail]'),
  failed: () => ask(mini, 'writer', '[down]', { maxRetries: 0 }),
});
