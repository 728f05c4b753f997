// SPDX-License-Identifier: Apache-2.0
// Instrumentations by names such as "openai.traceloop": what is instrumented, and whose instrumentation
// it is. Each is given its module by hand, since those of ES modules are not found otherwise.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { metrics } from '@opentelemetry/api';

// LangChain has clients of its own, of other versions.
function importFor(dependent, name) {
  const require = createRequire(createRequire(import.meta.url).resolve(dependent));
  return import(pathToFileURL(require.resolve(name).replace(/\.js$/, '.mjs')));
}

const modules = {
  openai: () => import('openai'),
  openai_of_langchain: () => importFor('@langchain/openai', 'openai'),
  anthropic: () => import('@anthropic-ai/sdk'),
  // Traceloop's instrumentation fails on version 1 of the SDK.
  anthropic0: () => import('anthropic-sdk-0'),
  anthropic_of_langchain: () => importFor('@langchain/anthropic', '@anthropic-ai/sdk'),
  langchain: () => import('@langchain/core/callbacks/manager'),
};

const kinds = {
  'openai.traceloop': async (module) => {
    const { OpenAIInstrumentation } = await import('@traceloop/instrumentation-openai');
    const made = new OpenAIInstrumentation();
    made.manuallyInstrument(module.OpenAI);
    return made;
  },
  'openai.openinference': async (module) => {
    const { OpenAIInstrumentation } = await import('@arizeai/openinference-instrumentation-openai');
    const made = new OpenAIInstrumentation();
    made.manuallyInstrument(module.OpenAI);
    return made;
  },
  // There is no way to hand it a module but the one by which the hook of the loader does.
  'openai.opentelemetry': async (module) => {
    const { OpenAIInstrumentation } = await import('@opentelemetry/instrumentation-openai');
    const made = new OpenAIInstrumentation();
    made.getModuleDefinitions()[0].patch(module.OpenAI);
    return made;
  },
  // Version 1 of the SDK traces itself.
  'anthropic.itself': async () => null,
  'anthropic.openinference': async (module) => {
    const { AnthropicInstrumentation } = await import(
      '@arizeai/openinference-instrumentation-anthropic'
    );
    const made = new AnthropicInstrumentation();
    made.manuallyInstrument(module.Anthropic);
    return made;
  },
  'anthropic.traceloop': async (module) => {
    const { AnthropicInstrumentation } = await import('@traceloop/instrumentation-anthropic');
    const made = new AnthropicInstrumentation();
    made.manuallyInstrument(module);
    return made;
  },
  'langchain.openinference': async (module) => {
    const { LangChainInstrumentation } = await import(
      '@arizeai/openinference-instrumentation-langchain'
    );
    const made = new LangChainInstrumentation();
    made.manuallyInstrument(module);
    return made;
  },
  'langchain.traceloop': async (module) => {
    const { LangChainInstrumentation } = await import('@traceloop/instrumentation-langchain');
    const made = new LangChainInstrumentation();
    made.manuallyInstrument({ callbackManagerModule: module });
    return made;
  },
};

// `names` are separated by commas, or there are none.
export async function instrument(names, provider) {
  for (const name of names.split(',').filter(Boolean)) {
    const [target, owner] = name.split('.');
    const kind = kinds[`${target.replace(/_of_langchain|0$/, '')}.${owner}`];
    const made = await kind(await modules[target]());
    made?.setTracerProvider(provider);
    made?.setMeterProvider(metrics.getMeterProvider());
  }
}
