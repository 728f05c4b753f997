// SPDX-License-Identifier: Apache-2.0
// Langfuse's SDK, which sends its own observations and the spans of the AI SDK, but none of the
// application; its wrapper of OpenAI's client and its handler of LangChain. Usage: langfuse.mjs TRANSPORT HTTP_ADDRESS GRPC_ADDRESS.
import { HumanMessage } from '@langchain/core/messages';
import { ChatAnthropic } from '@langchain/anthropic';
import { END, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { ChatOpenAI } from '@langchain/openai';
import { CallbackHandler } from '@langfuse/langchain';
import { observeOpenAI } from '@langfuse/openai';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { propagateAttributes, startActiveObservation, startObservation } from '@langfuse/tracing';
import { generateText, stepCountIs, tool } from 'ai6';
import { createAnthropic } from 'ai6-anthropic';
import { createOpenAI } from 'ai6-openai';
import OpenAI from 'openai';
import { z } from 'zod';
import { startModels } from './models.mjs';
import { drain, runScenarios, startTracing } from './telemetry.mjs';

const provider = startTracing(
  new LangfuseSpanProcessor({ publicKey: 'pk-lf-none', secretKey: 'sk-lf-none' }),
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

// A name, as Langfuse wants it of a client.
const observed = (generationName) =>
  observeOpenAI(new OpenAI({ apiKey: 'none', baseURL: models.openai, maxRetries: 0 }), {
    generationName,
    sessionId: 's-9',
  });
const chat = (step, more = '', options = {}) =>
  observed(step).chat.completions.create({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: `[${step}] ${more}` }],
    ...options,
  });
const gpt = new ChatOpenAI({
  model: 'gpt-4o-mini',
  apiKey: 'none',
  configuration: { baseURL: models.openai },
});
const claude = new ChatAnthropic({
  model: 'claude-sonnet-4-5',
  apiKey: 'none',
  anthropicApiUrl: models.url,
});
const asks = (model, name) => async () => ({
  messages: [await model.invoke([new HumanMessage(`[${name}]`)])],
});
const graph = () =>
  new StateGraph(MessagesAnnotation)
    .addNode('writer', asks(gpt, 'writer'))
    .addNode('critic', asks(claude, 'critic'))
    .addEdge(START, 'writer')
    .addEdge('writer', 'critic')
    .addEdge('critic', END)
    .compile({ name: 'research' });

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
  client: () =>
    inSession(async () => {
      await chat('writer');
      await observed('editor').responses.create({ model: 'gpt-4o-mini', input: '[editor]' });
    }),
  client_streamed: () =>
    drain(chat('writer', '', { stream: true, stream_options: { include_usage: true } })),
  client_down: () => chat('writer', '[down]'),
  langgraph: () =>
    graph().invoke(
      { messages: [new HumanMessage('hello')] },
      { callbacks: [new CallbackHandler({ sessionId: 's-9' })] },
    ),
  failed: () => inSession(() => startActiveObservation('answer', () => generation('writer', '[down]'))),
});
