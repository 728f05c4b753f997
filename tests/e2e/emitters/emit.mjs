// SPDX-License-Identifier: Apache-2.0
// An agent of the Vercel AI SDK that is traced by OpenTelemetry's SDK: its models answer from here,
// its spans go to a server. Usage: emit.mjs TRANSPORT HTTP_ADDRESS GRPC_ADDRESS. Prints the trace id.
import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, stepCountIs, tool } from 'ai';
import { z } from 'zod';

const [transport, http, grpc] = process.argv.slice(2);
const url = `http://${http}/v1/traces`;
const exporters = {
  json: () => new JsonExporter({ url }),
  'json+gzip': () => new JsonExporter({ url, compression: 'gzip' }),
  protobuf: () => new ProtobufExporter({ url }),
  'protobuf+gzip': () => new ProtobufExporter({ url, compression: 'gzip' }),
  grpc: () => new GrpcExporter({ url: `http://${grpc}` }),
  'grpc+gzip': () => new GrpcExporter({ url: `http://${grpc}`, compression: 'gzip' }),
};
const provider = new NodeTracerProvider({
  spanProcessors: [new BatchSpanProcessor(exporters[transport]())],
});
provider.register();

const answer = (body) =>
  new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });

let anthropicCalls = 0;
const anthropic = createAnthropic({
  apiKey: 'none',
  fetch: async () => {
    const asksForATool = ++anthropicCalls === 1;
    return answer({
      id: `msg_${anthropicCalls}`,
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5-20250929',
      content: asksForATool
        ? [{ type: 'tool_use', id: 'toolu_1', name: 'lookup', input: { q: 'x' } }]
        : [{ type: 'text', text: 'an answer that is not kept' }],
      stop_reason: asksForATool ? 'tool_use' : 'end_turn',
      stop_sequence: null,
      usage: {
        input_tokens: 500,
        output_tokens: 40,
        cache_read_input_tokens: 7500,
        cache_creation_input_tokens: 100,
        cache_creation: { ephemeral_5m_input_tokens: 60, ephemeral_1h_input_tokens: 40 },
      },
    });
  },
});
let openaiCalls = 0;
const openai = createOpenAI({
  apiKey: 'none',
  fetch: async () =>
    answer({
      id: `chatcmpl-${++openaiCalls}`,
      object: 'chat.completion',
      created: 1760000000,
      model: 'gpt-4o-mini-2024-07-18',
      choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: 1200,
        completion_tokens: 40,
        total_tokens: 1240,
        prompt_tokens_details: { cached_tokens: 1024 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
    }),
});

const telemetry = (functionId) => ({
  isEnabled: true,
  functionId,
  metadata: { sessionId: 's-9' },
});
const lookup = tool({
  description: 'Looks something up.',
  inputSchema: z.object({ q: z.string() }),
  execute: async () => {
    const inner = await generateText({
      model: openai.chat('gpt-4o-mini'),
      prompt: 'a prompt that is not kept',
      experimental_telemetry: telemetry('reranker'),
    });
    return inner.text;
  },
});

await trace.getTracer('app').startActiveSpan('research', async (root) => {
  await generateText({
    model: anthropic('claude-sonnet-4-5'),
    prompt: 'a prompt that is not kept',
    stopWhen: stepCountIs(3),
    tools: { lookup },
    experimental_telemetry: telemetry('planner'),
  });
  await generateText({
    model: openai.chat('gpt-4o-mini'),
    prompt: 'a prompt that is not kept',
    experimental_telemetry: { isEnabled: true },
  });
  root.end();
  console.log(root.spanContext().traceId);
});
await provider.forceFlush();
await provider.shutdown();
