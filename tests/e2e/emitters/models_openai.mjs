// SPDX-License-Identifier: Apache-2.0
// Answers as OpenAI's endpoints give them.
export const requested = 'gpt-4o-mini';
const served = 'gpt-4o-mini-2024-07-18';
const textOfAnswer = 'an answer that is not kept';

const sse = (object) => `data: ${JSON.stringify(object)}\n\n`;

function counts(number) {
  const prompt = 3000 + number;
  const cached = 1024 + number;
  const completion = 200 + number;
  const reasoning = 64 + number;
  return { prompt, cached, completion, reasoning };
}

function note({ prompt, cached, completion, reasoning }) {
  return {
    provider: 'openai',
    model: served,
    usage: { input: prompt - cached, cache_read: cached, output: completion, reasoning },
  };
}

export function chat(body, wish, number) {
  const count = counts(number);
  const usage = {
    prompt_tokens: count.prompt,
    completion_tokens: count.completion,
    total_tokens: count.prompt + count.completion,
    prompt_tokens_details: { cached_tokens: count.cached },
    completion_tokens_details: { reasoning_tokens: count.reasoning },
  };
  const call = wish.tool && {
    id: `call_${number}`,
    type: 'function',
    function: { name: wish.tool, arguments: '{"q":"x"}' },
  };
  const message = { role: 'assistant', content: call ? null : textOfAnswer };
  const finish = call ? 'tool_calls' : 'stop';
  const head = { id: `chatcmpl-${number}`, created: 1760000000, model: served };
  const choice = { index: 0, message: call ? { ...message, tool_calls: [call] } : message };
  const piece = { ...head, object: 'chat.completion.chunk' };
  const delta = call ? { role: 'assistant', tool_calls: [{ index: 0, ...call }] } : message;
  const wantsUsage = Boolean(body.stream_options?.include_usage);
  const last = { ...piece, choices: [], usage };
  return {
    note: body.stream && !wantsUsage ? { provider: 'openai', model: served } : note(count),
    whole: {
      ...head,
      object: 'chat.completion',
      choices: [{ ...choice, finish_reason: finish }],
      usage,
    },
    events: [
      sse({ ...piece, choices: [{ index: 0, delta, finish_reason: null }] }),
      sse({ ...piece, choices: [{ index: 0, delta: {}, finish_reason: finish }] }),
      ...(wantsUsage ? [sse(last)] : []),
      'data: [DONE]\n\n',
    ],
  };
}

export function responses(body, wish, number) {
  const count = counts(number);
  const usage = {
    input_tokens: count.prompt,
    input_tokens_details: { cached_tokens: count.cached },
    output_tokens: count.completion,
    output_tokens_details: { reasoning_tokens: count.reasoning },
    total_tokens: count.prompt + count.completion,
  };
  const item = wish.tool
    ? {
        type: 'function_call',
        id: `fc_${number}`,
        call_id: `call_${number}`,
        name: wish.tool,
        arguments: '{"q":"x"}',
        status: 'completed',
      }
    : {
        type: 'message',
        id: `msg_${number}`,
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: textOfAnswer, annotations: [] }],
      };
  const head = { id: `resp_${number}`, object: 'response', created_at: 1760000000, model: served };
  const whole = { ...head, status: 'completed', output: [item], usage, tools: [] };
  const started = { ...head, status: 'in_progress', output: [], usage: null, tools: [] };
  const event = (type, more) => `event: ${type}\n${sse({ type, ...more })}`;
  return {
    note: note(count),
    whole,
    events: [
      event('response.created', { sequence_number: 0, response: started }),
      event('response.output_item.added', { sequence_number: 1, output_index: 0, item }),
      event('response.output_item.done', { sequence_number: 2, output_index: 0, item }),
      event('response.completed', { sequence_number: 3, response: whole }),
    ],
  };
}

export function embeddings(body, wish, number) {
  const tokens = 70 + number;
  return {
    note: { provider: 'openai', model: body.model, usage: { input: tokens } },
    whole: {
      object: 'list',
      model: body.model,
      data: [body.input].flat().map((_, index) => ({
        object: 'embedding',
        index,
        embedding: [0.1, 0.2],
      })),
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    },
    events: [],
  };
}
