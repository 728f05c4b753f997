// SPDX-License-Identifier: Apache-2.0
// Traceloop's SDK: its decorators, and its instrumentations of OpenAI, Anthropic and LangChain.
// Usage: traceloop.mjs TRANSPORT HTTP_ADDRESS GRPC_ADDRESS.
import * as traceloop from '@traceloop/node-server-sdk';
import { HumanMessage } from '@langchain/core/messages';
import { ChatAnthropic } from '@langchain/anthropic';
import { ChatOpenAI } from '@langchain/openai';
import * as ai5 from 'ai';
import * as ai6 from 'ai6';
import { createAnthropic as createAnthropic5 } from '@ai-sdk/anthropic';
import { createAnthropic as createAnthropic6 } from 'ai6-anthropic';
import { createOpenAI as createOpenAI5 } from '@ai-sdk/openai';
import { createOpenAI as createOpenAI6 } from 'ai6-openai';
import OpenAI from 'openai';
import * as anthropicModule from 'anthropic-sdk-0';
import { startModels } from './models.mjs';
import { drain, runScenarios } from './telemetry.mjs';

// It guesses the tokens of OpenAI's streams by default, from the texts alone.
process.env.TRACELOOP_ENRICH_TOKENS = 'false';
const { withAgent, withTask, withTool, withWorkflow } = traceloop;
traceloop.initialize({
  appName: 'shop',
  apiKey: 'none',
  disableBatch: true,
  silenceInitializationMessage: true,
  traceloopSyncEnabled: false,
  instrumentModules: { openAI: OpenAI, anthropic: anthropicModule },
});
const models = await startModels();
const openai = new OpenAI({ apiKey: 'none', baseURL: models.openai });
const anthropic = new anthropicModule.Anthropic({ apiKey: 'none', baseURL: models.url });

const user = (content) => [{ role: 'user', content }];
const chat = (step, more = {}) =>
  openai.chat.completions.create({ model: 'gpt-4o-mini', messages: user(`[${step}]`), ...more });
const message = (step, more = {}) =>
  anthropic.messages.create({
    model: 'claude-sonnet-4-5',
    max_tokens: 9,
    messages: user(`[${step}]`),
    ...more,
  });
const askAi = (sdk, model, step) =>
  sdk.generateText({
    model,
    prompt: `[${step}]`,
    experimental_telemetry: { isEnabled: true, functionId: step },
  });
const ai = (sdk, createOpenAI, createAnthropic) =>
  research(async () => {
    await askAi(sdk, createOpenAI({ apiKey: 'none', baseURL: models.openai }).chat('gpt-4o-mini'), 'writer');
    await askAi(sdk, createAnthropic({ apiKey: 'none', baseURL: models.openai })('claude-sonnet-4-5'), 'critic');
  });
const session = { associationProperties: { session_id: 's-9' } };
const research = (run) => withWorkflow({ name: 'research', ...session }, run);
const task = (name, run) => withTask({ name }, run);
const streamed = { stream: true, stream_options: { include_usage: true } };

await runScenarios(
  { forceFlush: traceloop.forceFlush, shutdown: async () => {} },
  models,
  {
    plain: () =>
      research(async () => {
        await task('writer', () => chat('writer'));
        await task('critic', () => message('critic'));
      }),
    streamed: () =>
      research(async () => {
        await task('writer', () => drain(chat('writer', streamed)));
        await task('critic', () => drain(message('critic', { stream: true })));
      }),
    nested: () =>
      research(() =>
        withAgent({ name: 'planner' }, async () => {
          await message('planner');
          await withTool({ name: 'lookup' }, () => chat('lookup'));
          await message('planner');
        }),
      ),
    langchain: () =>
      research(async () => {
        const gpt = new ChatOpenAI({
          model: 'gpt-4o-mini',
          apiKey: 'none',
          configuration: { baseURL: models.openai },
        });
        await task('writer', () => gpt.invoke([new HumanMessage('[writer]')]));
        const claude = new ChatAnthropic({
          model: 'claude-sonnet-4-5',
          apiKey: 'none',
          anthropicApiUrl: models.url,
        });
        await task('critic', () => claude.invoke([new HumanMessage('[critic]')]));
      }),
    ai5: () => ai(ai5, createOpenAI5, createAnthropic5),
    ai6: () => ai(ai6, createOpenAI6, createAnthropic6),
    failed: () =>
      research(() =>
        task('critic', () =>
          anthropic.messages.create(
            { model: 'claude-sonnet-4-5', max_tokens: 9, messages: user('[critic] [down]') },
            { maxRetries: 0 },
          ),
        ),
      ),
  },
);
