// SPDX-License-Identifier: Apache-2.0
// Models that answer from this machine, in the formats of OpenAI and of Anthropic. A request says in
// brackets in its prompt what it wants: [planner] names the step for which it is; [use NAME] has a tool
// called; [fail] is answered with an error once, [down] always. Every answer has counts that no other
// has, and is noted: the notes are what a right bill adds up to.
import { createServer } from 'node:http';
import * as openai from './models_openai.mjs';
import * as anthropic from './models_anthropic.mjs';

const routes = [
  ['/chat/completions', openai.chat],
  ['/responses', openai.responses],
  ['/embeddings', openai.embeddings],
  ['/messages', anthropic.messages],
];

async function readBody(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
  }
  return text;
}

// What the first brackets of each kind in a request ask for.
function wishes(text) {
  const use = /\[use (\w+)\]/.exec(text);
  const answered = /"tool_call_id"|"tool_result"|"function_call_output"|"type":"tool-result"/.test(text);
  return {
    step: /\[(\w+)\]/.exec(text)?.[1] ?? null,
    tool: use && !answered ? use[1] : null,
    fails: text.includes('[fail]'),
    isDown: text.includes('[down]'),
  };
}

export async function startModels() {
  const answers = [];
  const failed = new Set();
  let number = 0;
  const answer = async (request, response) => {
    const text = await readBody(request);
    const wish = wishes(text);
    const body = JSON.parse(text);
    number += 1;
    const make = routes.find(([path]) => request.url.split('?')[0].endsWith(path))[1];
    if (wish.isDown || (wish.fails && !failed.has(wish.step))) {
      failed.add(wish.step);
      answers.push({ step: wish.step, status: 'error', model: body.model });
      response.writeHead(500, { 'content-type': 'application/json', 'retry-after-ms': '1' });
      response.end(JSON.stringify({ type: 'error', error: { type: 'api_error', message: 'down' } }));
      return;
    }
    const { note, events, whole } = make(body, wish, number);
    answers.push({ step: wish.step, status: 'ok', stream: Boolean(body.stream), ...note });
    if (!body.stream) {
      response.writeHead(200, { 'content-type': 'application/json', 'request-id': `req_${number}` });
      response.end(JSON.stringify(whole));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) {
      response.write(event);
    }
    response.end();
  };
  const listener = createServer(answer);
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${listener.address().port}`;
  return { answers, url, openai: `${url}/v1`, close: () => listener.close() };
}
