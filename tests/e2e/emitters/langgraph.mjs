// SPDX-License-Identifier: Apache-2.0
// A graph of LangGraph.js under instrumentations of LangChain, and of the clients below it.
// Usage: langgraph.mjs TRANSPORT HTTP_ADDRESS GRPC_ADDRESS INSTRUMENTATIONS.
import { HumanMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatAnthropic } from '@langchain/anthropic';
import { END, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';
import { instrument } from './instrumentations.mjs';
import { startModels } from './models.mjs';
import { runScenarios, startTracing } from './telemetry.mjs';

const provider = startTracing();
await instrument(process.argv[5], provider);
const models = await startModels();

const gpt = (more = {}) =>
  new ChatOpenAI({
    model: 'gpt-4o-mini',
    apiKey: 'none',
    configuration: { baseURL: models.openai },
    ...more,
  });
const claude = (more = {}) =>
  new ChatAnthropic({
    model: 'claude-sonnet-4-5',
    apiKey: 'none',
    anthropicApiUrl: models.url,
    ...more,
  });
const thread = { configurable: { thread_id: 's-9' }, metadata: { session_id: 's-9' } };

// Each node asks its model with its own name, and the last of them decides.
function graphOf(nodes) {
  const graph = new StateGraph(MessagesAnnotation);
  const names = Object.keys(nodes);
  for (const [name, node] of Object.entries(nodes)) {
    graph.addNode(name, node);
  }
  names.forEach((name, i) => graph.addEdge(i === 0 ? START : names[i - 1], name));
  graph.addEdge(names.at(-1), END);
  return graph.compile({ name: 'research' });
}
const asks = (model, name, more = '') => async () => ({
  messages: [await model.invoke([new HumanMessage(`[${name}] ${more}`)])],
});
const streams = (model, name) => async () => {
  let whole = null;
  for await (const piece of await model.stream([new HumanMessage(`[${name}]`)])) {
    whole = whole ? whole.concat(piece) : piece;
  }
  return { messages: [whole] };
};
const run = (graph) => graph.invoke({ messages: [new HumanMessage('hello')] }, thread);
const lookup = tool(
  async () => {
    const inner = await gpt().invoke([new HumanMessage('[lookup]')]);
    return String(inner.content);
  },
  { name: 'lookup', description: 'Looks something up.', schema: z.object({ q: z.string() }) },
);
const agent = (llm) => createReactAgent({ llm, tools: [lookup], name: 'helper' });

await runScenarios(provider, models, {
  plain: () => run(graphOf({ writer: asks(gpt(), 'writer'), critic: asks(claude(), 'critic') })),
  streamed: () =>
    run(graphOf({ writer: streams(gpt(), 'writer'), critic: streams(claude(), 'critic') })),
  responses: () => run(graphOf({ editor: asks(gpt({ useResponsesApi: true }), 'editor') })),
  tools: () =>
    agent(gpt()).invoke({ messages: [new HumanMessage('[agent] [use lookup]')] }, thread),
  nested: () =>
    run(
      graphOf({
        writer: asks(gpt(), 'writer'),
        helper: async () => ({
          messages: (
            await agent(claude()).invoke({ messages: [new HumanMessage('[agent] [use lookup]')] })
          ).messages,
        }),
      }),
    ),
  side_by_side: () =>
    run(
      graphOf({
        writer: async () => ({
          messages: await gpt().batch(
            ['one', 'two', 'three'].map(() => [new HumanMessage('[writer]')]),
          ),
        }),
      }),
    ),
  retried: () => run(graphOf({ writer: asks(gpt(), 'writer', '[fail]') })),
  failed: () => run(graphOf({ writer: asks(gpt({ maxRetries: 0 }), 'writer', '[down]') })),
  alone: () => gpt().invoke([new HumanMessage('[alone]')]),
});
