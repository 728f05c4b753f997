// SPDX-License-Identifier: Apache-2.0
// What all emitters share: OpenTelemetry's SDK with an exporter, and traces that are told to the test.
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';

const [transport, http, grpc] = process.argv.slice(2);
export const server = `http://${http}`;
const url = `${server}/v1/traces`;
const exporters = {
  json: () => new JsonExporter({ url }),
  'json+gzip': () => new JsonExporter({ url, compression: 'gzip' }),
  protobuf: () => new ProtobufExporter({ url }),
  'protobuf+gzip': () => new ProtobufExporter({ url, compression: 'gzip' }),
  grpc: () => new GrpcExporter({ url: `http://${grpc}` }),
  'grpc+gzip': () => new GrpcExporter({ url: `http://${grpc}`, compression: 'gzip' }),
};

// For whoever wants to see what an emitter sends: EMITTERS_PRINT=1 prints its spans.
const printers = process.env.EMITTERS_PRINT
  ? [new SimpleSpanProcessor(new ConsoleSpanExporter())]
  : [];

export function startTracing(processor = new BatchSpanProcessor(exporters[transport]())) {
  const provider = new NodeTracerProvider({ spanProcessors: [processor, ...printers] });
  provider.register();
  return provider;
}

export async function drain(pieces) {
  for await (const piece of await pieces) {
    void piece;
  }
}

// Runs each scenario below a root span of its own name, flushes, and prints what the models answered:
// {"name": {"trace": "...", "failed": false, "answers": [...]}, ...}.
export async function runScenarios(provider, models, scenarios) {
  const told = {};
  for (const [name, scenario] of Object.entries(scenarios)) {
    models.answers.length = 0;
    await trace.getTracer('app').startActiveSpan(name, async (root) => {
      told[name] = { trace: root.spanContext().traceId, failed: false };
      try {
        await scenario();
      } catch (error) {
        told[name].failed = true;
        told[name].error = String(error);
        root.setStatus({ code: SpanStatusCode.ERROR });
      }
      root.end();
    });
    told[name].answers = [...models.answers];
  }
  await finish(provider, models, told);
}

export async function finish(provider, models, told) {
  await provider.forceFlush();
  await provider.shutdown();
  models.close();
  process.stdout.write(`${JSON.stringify(told)}\n`, () => process.exit(0));
}
