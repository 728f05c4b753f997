// SPDX-License-Identifier: Apache-2.0
// What the page makes of answers that come in parts, change while it looks, or hold back
// a verdict.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { readFile } from 'node:fs/promises';
import { alter, column, launch, open, Server } from './harness.mjs';

const PLAIN = 'window=24h&tz=UTC';
const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
const call = (id, parts = {}) => ({
  event_id: id, time: ago(5), workflow: 'support_ticket', workflow_id: 'run-1', step: 'planning', provider: 'anthropic', model: 'm-1',
  usage: { input_tokens: 1000, output_tokens: 0 }, ...parts,
});

describe('the dashboard', { timeout: 300_000 }, () => {
  let browser, server, page;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());
  beforeEach(async () => {
    server = await new Server().start();
    page = await open(browser, 'about:blank');
  });
  afterEach(async () => {
    assert.deepEqual(page.faults, []);
    await page.unrouteAll({ behavior: 'ignoreErrors' });  // A question may still be under way.
    await page.context().close();
    await server.end();
  });

  const setRate = async (equals, prices = { input: '10', output: '20' }) => {
    const response = await fetch(server.url('/api/v1/rates'), {
      method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ rates: [{ match: { equals }, prices, source: 'a test' }] }),
    });
    assert.equal(response.status, 200, await response.text());
  };
  const fact = (title) => page.locator('.totals > div', { has: page.locator('dt', { hasText: new RegExp(`^${title}$`) }) });

  it('shows a run of many calls page by page, and saves all of it', async () => {
    await setRate('m-1');
    const begin = Date.now() - 3_600_000;
    const calls = Array.from({ length: 1_203 }, (_, i) => call(`c-${String(i).padStart(5, '0')}`, {
      time: new Date(begin + i).toISOString(), usage: { input_tokens: i + 1 },
    }));
    await server.send(calls);
    await page.goto(server.url(`/runs/run-1?${PLAIN}`));
    const rows = () => page.locator('tbody tr');
    await page.getByRole('region', { name: 'Calls, first 500 of 1,203' }).waitFor();
    await page.getByText('The first 200 of 1,203 calls.').waitFor();
    assert.match(await fact('Calls').innerText(), /1,203/);
    const save = async () => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download CSV of all 1,203' }).click()]);
      return (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n').length - 1;
    };
    assert.equal(await save(), 1_203);
    for (const [button, region] of [['703', 'Calls, first 1,000 of 1,203'], ['203', 'Calls']]) {
      const more = page.getByRole('button', { name: `Fetch more of the other ${button} calls` });
      await more.focus();
      await page.keyboard.press('Enter');
      await page.getByRole('region', { name: region, exact: true }).waitFor();
    }
    await page.getByRole('button', { name: 'Show all 1,203 rows' }).click();
    assert.equal(await rows().count(), 1_203);
    const costs = await column(page, 'Calls', 'input_tokens').allInnerTexts();
    assert.deepEqual(costs.map((text) => Number(text.replace(',', ''))), calls.map((each) => each.usage.input_tokens));
    assert.equal(await page.getByRole('button', { name: /Fetch/ }).count(), 0);
    // A call that comes later is found on the pages that are there already.
    await server.send([call('c-first', { time: new Date(begin + 600).toISOString(), usage: { input_tokens: 7_777 } })]);
    await column(page, 'Calls', 'input_tokens').getByText('7,777').waitFor();
  });

  it('shows the spans that a run came as, and which of them are one call', async () => {
    await setRate('m-1');
    const trace = '0123456789abcdef0123456789abcdef';
    const startNs = BigInt(Date.now() - 60_000) * 1_000_000n;
    const span = (id, parent, name, attributes) => ({
      traceId: trace, spanId: `00000000000000${id}`, ...(parent && { parentSpanId: `00000000000000${parent}` }), name,
      startTimeUnixNano: String(startNs), endTimeUnixNano: String(startNs + 500_000_000n),
      attributes: Object.entries(attributes).map(([key, value]) => ({ key, value })),
    });
    const chat = {
      'gen_ai.operation.name': { stringValue: 'chat' }, 'gen_ai.request.model': { stringValue: 'm-1' },
      'gen_ai.usage.input_tokens': { intValue: '1000' }, 'gen_ai.response.time_to_first_chunk': { doubleValue: 0.25 },
    };
    const scope = (name, spans) => ({ scope: { name }, spans });
    const sent = await fetch(server.url('/v1/traces'), {
      method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ resourceSpans: [{ scopeSpans: [
        scope('app', [span('01', '', 'ticket', {})]),
        scope('acme', [span('02', '01', 'chat one', chat)]), scope('other', [span('03', '01', 'chat two', chat)])] }] }),
    });
    assert.equal(sent.status, 200);
    await page.goto(server.url(`/runs/${trace}?${PLAIN}`));
    const row = (name) => page.locator('.spans tbody tr', { hasText: name });
    assert.match(await row('chat one').innerText(), /250 ms[^]*\$0\.0100[^]*call 0000000000000002/);
    assert.match(await row('chat two').innerText(), /merged into 0000000000000002: the same time, model and tokens/);
    assert.equal(await page.locator('.spans tbody tr').count(), 3);
    await page.getByRole('button', { name: 'Explain' }).click();
    assert.match(await page.locator('.explanation .told').innerText(), /chat one acme[^]*chat two other merged into/);
    await page.getByText('2 scopes that are not known: acme (1), other (1)').waitFor();
  });

  it('says how far a repricing is, and asks again when it is done', async () => {
    await setRate('m-1');
    await server.send([call('a')]);
    let repricing = { calls: 3_000, done: 1_299 };
    let cost = '0.5';
    await alter(page, 'info', (info) => ({ ...info, repricing }));
    await alter(page, 'top', (top) => ({ ...top, repricing, total: { ...top.total, cost_usd: cost } }));
    await page.goto(server.url(`/?${PLAIN}`));
    await page.getByText('repricing 43%').waitFor();
    await page.locator('.spend-total', { hasText: '$0.5000' }).waitFor();
    repricing = { calls: 3_000, done: 2_999 };
    await page.getByText('repricing 99%').waitFor();
    repricing = undefined;
    cost = '0.75';
    await page.locator('.spend-total', { hasText: '$0.7500' }).waitFor();
    await page.getByText('repricing').waitFor({ state: 'detached' });
  });

  it('keeps verdicts while learning apart from outliers', async () => {
    await setRate('m-1');
    await server.send([call('a'), call('b')]);
    const learning = { threshold_usd: '0.005', threshold_learning: true, threshold_sample_count: 16, outliers: 0, learning_calls: 2 };
    await alter(page, 'top', (top) => ({
      ...top, total: { ...top.total, outliers: 0, learning_calls: 2 }, rows: top.rows.map((row) => ({ ...row, ...learning })),
    }));
    await alter(page, 'distribution', (answer) => ({ ...answer, ...learning }));
    await alter(page, 'runs/run-1', (run) => ({
      ...run,
      calls: run.calls.map((each) => ({
        ...each, is_outlier: false,
        receipt: { sample_count: 16, threshold_usd: '0.005', multiple: 2, learning: true, judged_when_priced: false, excess_usd: '0.005' },
      })),
    }));
    await alter(page, 'outliers', (answer) => ({ ...answer, calls: [], total: 0, unjudged_calls: 0, learning_calls: 2 }));
    await page.goto(server.url(`/?${PLAIN}`));
    assert.match(await fact('Outliers').innerText(), /^Outliers\s+0\s+0% of calls\s+2 while learning$/);
    assert.match(await column(page, 'Spend by step', 'outliers').innerText(), /^learning 16 of 30\s+2 while learning$/);
    assert.equal(await page.locator('td[data-column="outliers"] .warn').count(), 0);
    await page.goto(server.url(`/steps/planning?${PLAIN}`));
    await page.locator('svg.histogram').waitFor();
    assert.match(await fact('Outliers').innerText(), /^Outliers\s+0\s+learning 16 of 30, until then over \$0\.005000\s+2 while learning, not counted$/);
    assert.equal(await page.locator('svg.histogram rect.over').count(), 0);
    await page.getByText('threshold (learning 16 of 30) $0.005000').waitFor();
    await page.goto(server.url(`/runs/run-1?${PLAIN}`));
    const receipts = column(page, 'Calls', 'multiple');
    await receipts.first().waitFor();
    assert.deepEqual(await receipts.allInnerTexts(), Array(2).fill('learning 16 of 30: ×2.0 of the default $0.005000'));
    assert.equal(await page.locator('.bar.outlier, td .warn').count(), 0);
    await page.goto(server.url(`/outliers?${PLAIN}`));
    await page.getByText('2 calls cost more than the default threshold while their step was learning').waitFor();
  });

  it('says of a receipt that it was judged when it was first priced', async () => {
    await setRate('m-1');
    await server.send([call('a')]);
    await alter(page, 'runs/run-1', (run) => ({
      ...run,
      calls: run.calls.map((each) => ({
        ...each, is_outlier: true,
        receipt: { p50_usd: '0.001', sample_count: 1203, threshold_usd: '0.005', multiple: 10, learning: false, judged_when_priced: true, excess_usd: '0.005' },
      })),
    }));
    await page.goto(server.url(`/runs/run-1?${PLAIN}`));
    const receipt = column(page, 'Calls', 'multiple');
    await receipt.waitFor();
    assert.equal(await receipt.innerText(), '×10.0 of p50 $0.001000 over 1,203 calls, judged when first priced');
  });

  it('puts the mark of the threshold where it belongs, before the first bar and after the last', async () => {
    await setRate('m-1');
    await server.send([1, 2, 3].map((i) => call(`dear-${i}`, { usage: { input_tokens: 10_000 * i } })));
    await server.send([1, 2, 3].map((i) => call(`cheap-${i}`, { step: 'search', usage: { input_tokens: i } })));
    for (const [step, isBefore] of [['planning', true], ['search', false]]) {
      await page.goto(server.url(`/steps/${step}?${PLAIN}`));
      const mark = page.locator('svg.histogram .mark.threshold line');
      await mark.waitFor({ state: 'attached' }); // A line has no area, and so is not visible.
      const x = Number(await mark.getAttribute('x1'));
      const bars = await page.locator('svg.histogram rect').evaluateAll((rects) => rects.map((rect) => [rect.x.baseVal.value, rect.x.baseVal.value + rect.width.baseVal.value]));
      assert.ok(isBefore ? x < bars[0][0] - 20 : x > bars.at(-1)[1] + 20, `${step}: ${x} ${bars}`);
      assert.ok(x >= 0 && x <= 720, `${x}`);
      // The mark is on the logarithmic scale whose ends are written below it.
      const [low, high] = (await page.locator('svg.histogram .scale text').allTextContents()).map((text) => Number(text.slice(1)));
      assert.ok(Math.abs(x - (Math.log(0.005 / low) / Math.log(high / low)) * 720) < 8, `${step}: ${x} of ${low} to ${high}`);
    }
  });

  it('asks the server for the dearest outliers, and shows their excess in all', async () => {
    await setRate('m-1');
    await server.send(Array.from({ length: 60 }, (_, i) => call(`plain-${i}`, { time: ago(120 + i), usage: { input_tokens: 100 } })));
    await server.send([1, 2, 3].map((i) => call(`dear-${i}`, { time: ago(60 - 10 * i), usage: { input_tokens: 100_000 * ((i + 1) % 3 + 1) } })));
    await page.goto(server.url(`/outliers?${PLAIN}`));
    await page.getByRole('button', { name: 'Dearest' }).click();
    await page.getByRole('region', { name: 'Outliers, dearest 3 of 3' }).waitFor();
    const { calls, excess_usd: excess } = await server.ask(`outliers?${PLAIN}&sort=cost`);
    assert.equal(excess, '5.985');
    assert.deepEqual(await column(page, 'Outliers, dearest 3 of 3', 'cost_usd').allInnerTexts(), ['$3.00', '$2.00', '$1.00']);
    assert.equal(calls.length, 3);
    assert.match(await fact('Excess').innerText(), /^Excess\s+\$5\.98\s/);
    assert.match(page.url(), /order=cost/);
    await page.reload();
    await page.getByRole('button', { name: 'Dearest', pressed: true }).waitFor();
    await page.getByRole('button', { name: 'Newest' }).click();
    await page.getByRole('region', { name: 'Outliers, newest 3 of 3' }).waitFor();
    assert.match(await fact('Excess').innerText(), /^Excess\s+—/);
  });
});
