// SPDX-License-Identifier: Apache-2.0
// Unknown is never $0, nor 0 ms, nor a share: on every view, in every state in which a
// store lacks something.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { readFile } from 'node:fs/promises';
import { column, launch, open, Server } from './harness.mjs';

const PLAIN = 'window=24h&tz=UTC';
const VIEWS = ['/', '/?by=model', '/?by=workflow', '/steps/planning', '/workflows', '/workflows/support_ticket', '/runs/run-1',
  '/outliers', '/outliers?order=cost', '/prices'];
const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

/** A call with usage but no duration, whose model has no rate until one is set. */
const call = (id, parts = {}) => ({
  event_id: id, time: ago(5), workflow: 'support_ticket', workflow_id: 'run-1', step: 'planning', provider: 'anthropic', model: 'm-1',
  usage: { input_tokens: 8400, output_tokens: 620 }, ...parts,
});
const completion = (parts = {}) => ({
  time: ago(4), workflow: 'support_ticket', workflow_id: 'run-1', outcome: 'completed', unused_steps: ['planning'], ...parts,
});

describe('what is not known', { timeout: 300_000 }, () => {
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
    await page.context().close();
    await server.end();
  });

  const setRate = async (equals, prices = { input: '3', output: '15' }) => {
    const response = await fetch(server.url('/api/v1/rates'), {
      method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ rates: [{ match: { equals }, prices, source: 'a test' }] }),
    });
    assert.equal(response.status, 200, await response.text());
  };
  async function visit(path) {
    await page.goto(server.url(path.includes('?') ? `${path}&${PLAIN}` : `${path}?${PLAIN}`));
    await page.locator('.trust').waitFor();
    await page.waitForLoadState('networkidle');
    await page.waitForFunction(() => document.querySelector('[aria-busy="true"], .waiting') === null && !document.body.textContent.includes('Asking…'));
    for (const summary of await page.getByText('Figures', { exact: true }).all()) {
      await summary.click();
    }
  }
  const allTexts = () => page.evaluate(() => {
    const described = [...document.querySelectorAll('[title], [aria-label], title')].flatMap((each) =>
      [each.getAttribute('title'), each.getAttribute('aria-label'), each.tagName === 'title' ? each.textContent : '']);
    return [document.body.innerText, ...described].filter(Boolean).join('\n');
  });
  /** No view has any of `forbidden`, nor what no reader could mean. */
  async function noneSays(forbidden, views = VIEWS) {
    for (const path of views) {
      await visit(path);
      const text = await allTexts();
      for (const wrong of [...forbidden, /NaN/, /undefined/, /Infinity/, /Invalid/, /\[object/]) {
        assert.doesNotMatch(text, wrong, `${path}:\n${text}`);
      }
    }
  }
  const ZERO_USD = /\$0(?![\d.])/;
  const ZERO_TIME = /\b0 ms\b/;
  const SHARE_OF_NOTHING = /(?<![\d.])0% of (spend|its spend|all)/;
  const fact = (title) => page.locator('.totals > div', { has: page.locator('dt', { hasText: new RegExp(`^${title}$`) }) });

  it('is no figure at all while the store is empty', async () => {
    await noneSays([ZERO_USD, ZERO_TIME, /%/], VIEWS.filter((path) => !path.startsWith('/runs')));
    assert.match(await page.locator('.trust').innerText(), /no calls stored/);
    for (const path of ['/', '/workflows', '/outliers', '/steps/planning']) {
      await visit(path);
      await page.getByText('No calls yet').waitFor();
    }
    await visit('/outliers');
    assert.doesNotMatch(await allTexts(), /No outliers/);
  });

  it('is a dash for one call without a rate, with the way to mend it', async () => {
    await server.send([call('one'), completion()]);
    await noneSays([ZERO_USD, ZERO_TIME, SHARE_OF_NOTHING, /100% of [\d,]+ stored/, /and (cheap|dear)/]);
    await visit('/');
    assert.match(await fact('Spend').innerText(), /^Spend\s+—\s+1 call without a rate$/);
    assert.match(await fact('Calls').innerText(), /^Calls\s+1\s+— each$/);
    assert.match(await fact('Outliers').innerText(), /^Outliers\s+—\s+1 not judged, without a price$/);
    assert.match(await fact('Unsurfaced').innerText(), /^Unsurfaced\s+—/);
    assert.match((await column(page, 'Spend by step', 'mean_cost_usd').innerText()), /^—\s+p50 — · p95 —$/);
    assert.match((await column(page, 'Spend by step', 'spend_share').innerText()), /^—\s/);
    assert.match((await column(page, 'Spend by step', 'p50_duration_ms').innerText()), /^—\s+p95 —$/);
    assert.match((await column(page, 'Spend by step', 'outliers').innerText()), /^—\s+learning 0 of 30\s+1 not judged$/);
    await visit('/steps/planning');
    await page.getByText('None of the 1 calls in this window has a price.').waitFor();
    await visit('/workflows');
    assert.equal(await column(page, 'Cost per completed workflow', 'cost_per_completed_usd').innerText(), '—');
    assert.equal(await column(page, 'Cost per completed workflow', 'p50_completed_usd').innerText(), '—');
    assert.equal(await column(page, 'Cost per completed workflow', 'unsurfaced_usd').innerText(), '—');
    await visit('/runs/run-1');
    assert.match(await fact('Cost').innerText(), /^Cost\s+—\s+1 call without a price$/);
    assert.match(await column(page, 'Calls', 'cost_usd').innerText(), /^unpriced\s+no rate for the model$/);
    await fact('Cost').getByRole('link', { name: '1 call without a price' }).click();
    await page.getByRole('row', { name: /m-1/ }).getByRole('button', { name: 'Set a rate' }).waitFor();
    await visit('/outliers');
    await page.getByRole('link', { name: '1 not judged, without a price' }).waitFor();
    assert.doesNotMatch(await page.locator('main').innerText(), /more than five times/);
  });

  it('is a dash for one call without usage, with the way to mend it', async () => {
    await server.send([call('one', { usage: undefined })]);
    await noneSays([ZERO_USD, ZERO_TIME, SHARE_OF_NOTHING, /100% of [\d,]+ stored/]);
    await visit('/');
    assert.match(await fact('Spend').innerText(), /^Spend\s+—\s+1 call without usage$/);
    assert.equal(await column(page, 'Spend by step', 'tokens').innerText(), '—');
    await visit('/runs/run-1');
    assert.equal(await column(page, 'Calls', 'input_tokens').innerText(), '—');
    assert.match(await column(page, 'Calls', 'cost_usd').innerText(), /^unpriced\s+no usage$/);
    await page.locator('.trust').getByRole('link', { name: '1 without usage' }).click();
    await page.getByText('1 call reported no usage, so that no rate can price it.').waitFor();
  });

  it('is told beside what is, where half of the calls have a price', async () => {
    await setRate('m-1');
    await server.send([call('a'), call('b', { model: 'm-2' }), call('c', { step: 'answer', model: 'm-2' }),
      call('d', { step: 'search', duration_ms: 250 }), completion({ unused_steps: ['answer'] })]);
    await noneSays([ZERO_USD, ZERO_TIME]);
    await visit('/');
    assert.match(await fact('Spend').innerText(), /^Spend\s+\$0\.0690\s+2 calls without a rate$/);
    assert.match(await fact('Calls').innerText(), /^Calls\s+4\s+\$0\.0345 each, of 2 calls with a price$/);
    assert.match(await fact('Outliers').innerText(), /2 not judged, without a price/);
    const row = (name) => page.getByRole('row', { name });
    assert.match(await row(/planning/).locator('[data-column="cost_usd"]').innerText(), /^\$0\.0345\s+1 unpriced$/);
    assert.match(await row(/answer/).locator('[data-column="cost_usd"]').innerText(), /^—\s+1 unpriced$/);
    assert.match(await row(/search/).locator('[data-column="p50_duration_ms"]').innerText(), /^250 ms/);
    await visit('/workflows');
    assert.match(await column(page, 'Cost per completed workflow', 'spend_usd').innerText(), /^\$0\.0690\s+2 unpriced$/);
    await page.getByRole('link', { name: '2 calls without a price' }).waitFor();
    await visit('/?by=model');
    const [download] = await Promise.all([
      page.waitForEvent('download'), page.getByRole('button', { name: 'Download CSV' }).click(),
    ]);
    const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n').map((line) => line.split(','));
    const at = (id) => lines[0].indexOf(id);
    const unpriced = lines.find(([name]) => name === 'm-2');
    for (const id of ['cost_usd', 'spend_share', 'mean_cost_usd', 'p50_cost_usd', 'p95_cost_usd', 'p50_duration_ms', 'outliers', 'unsurfaced_usd']) {
      assert.equal(unpriced[at(id)], '', id);
    }
    assert.equal(unpriced[at('unpriced_calls')], '2');
    assert.equal(lines.find(([name]) => name === 'm-1')[at('cost_usd')], '0.069');
  });

  it('is a dash for a run none of whose calls has arrived', async () => {
    await server.send([completion(), call('elsewhere', { workflow: 'other', workflow_id: 'run-2' })]);
    await noneSays([ZERO_USD, ZERO_TIME, SHARE_OF_NOTHING]);
    await visit('/runs/run-1');
    assert.match(await fact('Cost').innerText(), /^Cost\s+—\s+none of its calls has arrived$/);
    assert.match(await fact('Unsurfaced').innerText(), /^Unsurfaced\s+—/);
    await visit('/workflows/support_ticket');
    assert.match(await fact('Per completed run').innerText(), /—/);
  });

  it('is a dash for what the completions of a workflow would tell', async () => {
    await setRate('m-1');
    await server.send([call('a'), call('b')]);
    await noneSays([ZERO_USD, ZERO_TIME, SHARE_OF_NOTHING]);
    await visit('/workflows');
    const caption = 'Cost per completed workflow';
    for (const id of ['cost_per_completed_usd', 'mean_completed_usd', 'p50_completed_usd', 'mean_steps_per_completed', 'distribution', 'unsurfaced_usd']) {
      assert.equal(await column(page, caption, id).innerText(), '—', id);
    }
    assert.equal(await column(page, caption, 'spend_usd').innerText(), '$0.0690');
    await page.getByText('No run has ended').waitFor();
    await visit('/workflows/support_ticket');
    assert.match(await fact('Per completed run').innerText(), /—\s+no run has completed/);
    await page.getByText('No completed runs in this window.').waitFor();
    await visit('/runs/run-1');
    assert.match(await fact('Unsurfaced').innerText(), /—\s+told when the run ends/);
  });

  it('is not what costs nothing: a price of 0 is known', async () => {
    await setRate('m-1', { input: '0', output: '0' });
    await server.send([call('a'), call('b')]);
    await visit('/');
    assert.match(await fact('Spend').innerText(), /^Spend\s+\$0$/);
    assert.match(await fact('Calls').innerText(), /\$0 each/);
    await visit('/steps/planning');
    await page.getByText('2 calls in this window, each for $0.').waitFor();
    assert.match(await fact('Spend').innerText(), /\$0\s+— of all/);
  });
});
