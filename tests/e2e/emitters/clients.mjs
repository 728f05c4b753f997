// SPDX-License-Identifier: Apache-2.0
// The SDKs of OpenAI and Anthropic under instrumentations.
// Usage: clients.mjs TRANSPORT HTTP_ADDRESS GRPC_ADDRESS INSTRUMENTATIONS.
import { SpanKind, trace } from '@opentelemetry/api';
import Anthropic from '@anthropic-ai/sdk';
import Anthropic0 from 'anthropic-sdk-0';
import OpenAI from 'openai';
import { instrument } from './instrumentations.mjs';
import { startModels } from './models.mjs';
import { drain, runScenarios, startTracing } from './telemetry.mjs';

const provider = startTracing();
await instrument(process.argv[5], provider);
const models = await startModels();
const openai = new OpenAI({ apiKey: 'none', baseURL: models.openai });
const OneAnthropic = process.argv[5].includes('anthropic0') ? Anthropic0 : Anthropic;
const anthropic = new OneAnthropic({ apiKey: 'none', baseURL: models.url });

// What an application names its steps with, where an instrumentation has no name for them.
const step = (name, run) =>
  trace.getTracer('app').startActiveSpan(name, { kind: SpanKind.INTERNAL }, async (span) => {
    try {
      return await run();
    } finally {
      span.end();
    }
  });
const user = (content) => [{ role: 'user', content }];
const openaiTool = { type: 'function', function: { name: 'lookup', parameters: { type: 'object' } } };
const anthropicTool = { name: 'lookup', input_schema: { type: 'object' } };

const chat = (name, prompt = '', more = {}) =>
  openai.chat.completions.create({
    model: 'gpt-4o-mini',
    messages: user(`[${name}] ${prompt}`),
    ...more,
  });
const message = (name, prompt = '', more = {}) =>
  anthropic.messages.create({
    model: 'claude-sonnet-4-5',
    max_tokens: 100,
    messages: user(`[${name}] ${prompt}`),
    ...more,
  });
const streamed = { stream: true, stream_options: { include_usage: true } };

const openaiScenarios = {
  plain: () => step('writer', () => chat('writer')),
  streamed: () => step('writer', () => drain(chat('writer', '', streamed))),
  responses: () =>
    step('editor', () => openai.responses.create({ model: 'gpt-4o-mini', input: '[editor]' })),
  responses_streamed: () =>
    step('editor', () =>
      drain(openai.responses.create({ model: 'gpt-4o-mini', input: '[editor]', stream: true })),
    ),
  tools: () =>
    step('planner', async () => {
      await chat('planner', '[use lookup]', { tools: [openaiTool] });
      await step('reranker', () => chat('reranker'));
      await chat('planner');
    }),
  side_by_side: () =>
    Promise.all(['one', 'two', 'three'].map((name) => step(name, () => chat(name)))),
  embedding: () =>
    step('indexer', () =>
      openai.embeddings.create({ model: 'text-embedding-3-small', input: '[indexer]' }),
    ),
  retried: () => step('writer', () => chat('writer', '[fail]')),
  failed: () =>
    step('writer', () =>
      openai.chat.completions.create(
        { model: 'gpt-4o-mini', messages: user('[writer] [down]') },
        { maxRetries: 0 },
      ),
    ),
  unmeasured: () => step('writer', () => drain(chat('writer', '', { stream: true }))),
};
const anthropicScenarios = {
  plain: () => step('critic', () => message('critic')),
  streamed: () => step('critic', () => drain(message('critic', '', { stream: true }))),
  helper: () =>
    step('critic', () =>
      anthropic.messages
        .stream({ model: 'claude-sonnet-4-5', max_tokens: 9, messages: user('[critic]') })
        .finalMessage(),
    ),
  tools: () =>
    step('planner', async () => {
      await message('planner', '[use lookup]', { tools: [anthropicTool] });
      await step('reranker', () => message('reranker'));
      await message('planner');
    }),
  side_by_side: () =>
    Promise.all(['one', 'two', 'three'].map((name) => step(name, () => message(name)))),
  retried: () => step('writer', () => message('writer', '[fail]')),
  failed: () =>
    step('writer', () =>
      anthropic.messages.create(
        { model: 'claude-sonnet-4-5', max_tokens: 9, messages: user('[writer] [down]') },
        { maxRetries: 0 },
      ),
    ),
};
const scenarios = process.argv[5].startsWith('openai') ? openaiScenarios : anthropicScenarios;
await runScenarios(provider, models, scenarios);
