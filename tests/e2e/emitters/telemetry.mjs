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
const [protocol, compression] = transport.split('+');

// What a user sets to have spans sent here: exporters are made without arguments.
Object.assign(process.env, {
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://${protocol === 'grpc' ? grpc : http}`,
  OTEL_EXPORTER_OTLP_COMPRESSION: compression ?? 'none',
  LANGFUSE_BASE_URL: `http://${http}`,
  TRACELOOP_BASE_URL: `http://${http}`,
});
const Exporter = { json: JsonExporter, protobuf: ProtobufExporter, grpc: GrpcExporter }[protocol];

// EMITTERS_PRINT=1 prints the spans that an emitter sends.
const printers = process.env.EMITTERS_PRINT
  ? [new SimpleSpanProcessor(new ConsoleSpanExporter())]
  : [];

export function startTracing(processor = new BatchSpanProcessor(new Exporter())) {
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
