// SPDX-License-Identifier: Apache-2.0
// Answers as Anthropic's endpoint gives them.
export const requested = 'claude-sonnet-4-5';
const served = 'claude-sonnet-4-5-20250929';
const textOfAnswer = 'an answer that is not kept';

const event = (object) => `event: ${object.type}\ndata: ${JSON.stringify(object)}\n\n`;

function usageOf(number) {
  return {
    input_tokens: 500 + number,
    cache_creation_input_tokens: 100 + number,
    cache_read_input_tokens: 7500 + number,
    cache_creation: { ephemeral_5m_input_tokens: 60, ephemeral_1h_input_tokens: 40 + number },
    output_tokens: 200 + number,
    service_tier: 'standard',
  };
}

function note(number) {
  return {
    provider: 'anthropic',
    model: served,
    usage: {
      input: 500 + number,
      cache_read: 7500 + number,
      cache_write_5m: 60,
      cache_write_1h: 40 + number,
      output: 200 + number,
    },
  };
}

function pieces(block, message, usage) {
  const isTool = block.type === 'tool_use';
  const start = isTool ? { ...block, input: {} } : { type: 'text', text: '' };
  const delta = isTool
    ? { type: 'input_json_delta', partial_json: JSON.stringify(block.input) }
    : { type: 'text_delta', text: block.text };
  return [
    // A stream says at its beginning what went in, and one token that came out.
    event({
      type: 'message_start',
      message: { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
    }),
    event({ type: 'content_block_start', index: 0, content_block: start }),
    event({ type: 'content_block_delta', index: 0, delta }),
    event({ type: 'content_block_stop', index: 0 }),
    event({
      type: 'message_delta',
      delta: { stop_reason: message.stop_reason, stop_sequence: null },
      usage: { output_tokens: usage.output_tokens },
    }),
    event({ type: 'message_stop' }),
  ];
}

export function messages(body, wish, number) {
  const usage = usageOf(number);
  const block = wish.tool
    ? { type: 'tool_use', id: `toolu_${number}`, name: wish.tool, input: { q: 'x' } }
    : { type: 'text', text: textOfAnswer };
  const message = {
    id: `msg_${number}`,
    type: 'message',
    role: 'assistant',
    model: served,
    content: [block],
    stop_reason: wish.tool ? 'tool_use' : 'end_turn',
    stop_sequence: null,
  };
  return { note: note(number), whole: { ...message, usage }, events: pieces(block, message, usage) };
}
