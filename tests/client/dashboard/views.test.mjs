// SPDX-License-Identifier: Apache-2.0
// Each view shows what the API answers.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { readFile } from 'node:fs/promises';
import { column, count, launch, open, Server, usageClasses, usd } from './harness.mjs';

const PLAIN = 'window=30d&tz=UTC';

describe('the dashboard', { timeout: 300_000 }, () => {
  let server, browser, page;
  before(async () => {
    server = await new Server().start();
    server.addTraffic();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.end();
  });
  beforeEach(async () => {
    page = await open(browser, server.url(`/?${PLAIN}`));
    await column(page, 'Spend by step', 'step').first().waitFor();
  });
  afterEach(async () => {
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  // What the page holds once `check` no longer throws, or the last failure.
  async function eventually(check) {
    const deadline = Date.now() + 10_000;
    for (;;) {
      try {
        return await check();
      } catch (error) {
        if (Date.now() > deadline) {
          throw error;
        }
        await new Promise((done) => setTimeout(done, 50));
      }
    }
  }
  const texts = async (caption, id) => (await column(page, caption, id).allInnerTexts()).map((text) => text.split('\n')[0]);

  it('ranks steps by spend, never by volume, with the figures of the API', async () => {
    const top = await server.ask(`top?${PLAIN}`);
    assert.deepEqual(await texts('Spend by step', 'step'), top.rows.map((row) => row.key));
    assert.deepEqual(await texts('Spend by step', 'cost_usd'), top.rows.map((row) => usd(row.cost_usd)));
    assert.deepEqual(
      await column(page, 'Spend by step', 'cost_usd').locator('b').evaluateAll((cells) => cells.map((cell) => cell.title)),
      top.rows.map((row) => `$${row.cost_usd}`));
    assert.deepEqual(await texts('Spend by step', 'calls'), top.rows.map((row) => count(row.calls)));
    assert.deepEqual(await texts('Spend by step', 'mean_cost_usd'), top.rows.map((row) => usd(row.mean_cost_usd)));
    const costs = await column(page, 'Spend by step', 'mean_cost_usd').allInnerTexts();
    assert.ok(costs.every((text, i) => text.includes(`p95 ${usd(top.rows[i].p95_cost_usd)}`)));
    const outliers = await column(page, 'Spend by step', 'outliers').allInnerTexts();
    assert.ok(outliers.every((text, i) => text.includes(count(top.rows[i].outliers)) &&
      text.includes(usd(top.rows[i].threshold_usd))));
    assert.equal(await page.locator('.spend-total').getAttribute('title'), `$${top.total.cost_usd}`);
  });

  it('makes the step stand out that is dear for its volume', async () => {
    const row = page.getByRole('row', { name: /doc_synthesis/ });
    await row.getByText('rare and dear').waitFor();
    const [spend, calls] = await row.locator('.fill.spend, .fill.calls')
      .evaluateAll((bars) => bars.map((bar) => bar.getBoundingClientRect().width));
    assert.ok(spend > 2 * calls, `${spend} ${calls}`);
    assert.match(await page.locator('.pareto figcaption').innerText(), /^\d+ of \d+ make up 80% of the spend$/);
    await eventually(async () => assert.equal(await row.locator('svg.spark').count(), 1));
  });

  it('sorts by any column, keeps the order in the address, and goes back', async () => {
    const top = await server.ask(`top?${PLAIN}`);
    // Rows with as many calls stay in the order of spend, whichever way they are sorted.
    const byCalls = (sign) =>
      [...top.rows].sort((a, b) => sign * (Number(a.calls) - Number(b.calls))).map((row) => row.key);
    await page.getByRole('button', { name: 'Calls', exact: true }).click();
    assert.deepEqual(await texts('Spend by step', 'step'), byCalls(-1));
    assert.equal(await page.getByRole('columnheader', { name: 'Calls', exact: false }).last().getAttribute('aria-sort'), 'descending');
    assert.match(page.url(), /sort=-calls/);
    await page.getByRole('button', { name: 'Calls', exact: false }).last().press('Enter');
    assert.deepEqual(await texts('Spend by step', 'step'), byCalls(1));
    await page.goBack();
    await page.goBack();
    assert.deepEqual(await texts('Spend by step', 'step'), top.rows.map((row) => row.key));
  });

  it('changes the window and shows another total', async () => {
    await page.getByRole('button', { name: '7 d' }).click();
    const top = await server.ask('top?window=7d&tz=UTC');
    await eventually(async () =>
      assert.equal(await page.locator('.spend-total').getAttribute('title'), `$${top.total.cost_usd}`));
    assert.match(page.url(), /window=7d/);
    await page.getByRole('button', { name: 'Custom' }).click();
    const day = (ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
    await page.getByLabel('From', { exact: true }).fill(day(5));
    await page.getByLabel('to, exclusive').fill(day(3));
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    const custom = await server.ask(`top?from=${day(5)}&to=${day(3)}&tz=UTC`);
    await eventually(async () =>
      assert.equal(await page.locator('.spend-total').getAttribute('title'), `$${custom.total.cost_usd}`));
  });

  it('compares with the window before', async () => {
    await page.getByRole('button', { name: '7 d' }).click();
    const now = await server.ask('top?window=7d');
    const start = Math.floor(Date.parse(now.window.start) / 60_000) * 60_000;
    const before = await server.ask(
      `top?from=${new Date(start - 7 * 86_400_000).toISOString()}&to=${new Date(start).toISOString()}`);
    const expected = Math.round((Number(now.total.cost_usd) / Number(before.total.cost_usd) - 1) * 100);
    await eventually(async () => {
      const text = await page.locator('.totals dd.dim').first().innerText();
      const shown = Number(text.replace('−', '-').replace('±', '').split('%')[0]);
      assert.ok(Math.abs(shown - expected) <= 1, `${text} instead of ${expected}`);
    });
  });

  it('follows the days of the chosen time zone', async () => {
    await page.getByRole('combobox', { name: 'Time zone' }).focus();
    await page.getByRole('combobox', { name: 'Time zone' }).selectOption('Australia/Adelaide');
    await page.getByRole('link', { name: 'doc_synthesis' }).click();
    const series = await server.ask('series?step=doc_synthesis&window=30d&tz=Australia/Adelaide');
    await page.getByText('Figures', { exact: true }).first().click();
    const days = page.getByRole('region', { name: 'Spend by model, figures' }).locator('tbody th');
    await eventually(async () =>
      assert.deepEqual(await days.allInnerTexts(), series.points.map((point) => point.start.slice(5, 10))));
    assert.ok(series.points[1].start.endsWith('+10:30'));
  });

  it('filters by name and attribute, one on top of the other', async () => {
    const add = async (kind, value) => {
      await page.getByRole('button', { name: '+ Filter' }).click();
      await page.getByLabel('Only this').selectOption(kind);
      await page.getByRole('textbox', { name: 'Value' }).fill(value);
      await page.getByRole('button', { name: 'Add', exact: true }).click();
    };
    const shows = (query) => eventually(async () => {
      const { total } = await server.ask(`top?${PLAIN}&${query}`);
      assert.equal(await page.locator('.spend-total').getAttribute('title'), `$${total.cost_usd}`);
      assert.notEqual(total.calls, 0);
    });
    await add('workflow', 'support_ticket');
    await shows('workflow=support_ticket');
    await add('attribute', 'tenant=acme');
    await shows('workflow=support_ticket&attribute=tenant%3Dacme');
    await page.reload(); // The address holds it all.
    await shows('workflow=support_ticket&attribute=tenant%3Dacme');
    await page.getByRole('button', { name: 'Remove the filter workflow support_ticket' }).click();
    await shows('attribute=tenant%3Dacme');
  });

  it('groups by other names', async () => {
    await page.getByRole('combobox', { name: 'Group by' }).selectOption('model');
    const top = await server.ask(`top?${PLAIN}&by=model`);
    await eventually(async () =>
      assert.deepEqual(await texts('Spend by model', 'model'), top.rows.map((row) => row.key)));
    await page.getByRole('link', { name: top.rows[0].key }).click();
    const filtered = await server.ask(`top?${PLAIN}&model=${top.rows[0].key}`);
    await eventually(async () =>
      assert.equal(await page.locator('.spend-total').getAttribute('title'), `$${filtered.total.cost_usd}`));
  });

  it('shows what a completed run of each workflow costs', async () => {
    await page.goto(server.url(`/workflows?${PLAIN}`));
    const { rows } = await server.ask(`workflows?${PLAIN}`);
    const caption = 'Cost per completed workflow';
    await column(page, caption, 'workflow').first().waitFor();
    const of = async (id, value) =>
      assert.deepEqual(await texts(caption, id), rows.map(value), id);
    await of('workflow', (row) => row.workflow);
    await of('cost_per_completed_usd', (row) => usd(row.cost_per_completed_usd));
    await of('mean_completed_usd', (row) => usd(row.mean_completed_usd));
    await of('p50_completed_usd', (row) => usd(row.p50_completed_usd));
    await of('p95_completed_usd', (row) => usd(row.p95_completed_usd));
    await of('runs', (row) => count(row.runs));
    await of('spend_usd', (row) => usd(row.spend_usd));
    await of('unsurfaced_usd', (row) => usd(row.unsurfaced_usd));
    await eventually(async () =>
      assert.equal(await page.locator('svg.histogram').count(), rows.length));
    await page.getByRole('link', { name: 'support_ticket' }).click();
    const distribution = await server.ask(`distribution?${PLAIN}&workflow=support_ticket`);
    await eventually(async () =>
      assert.equal(await page.locator('svg.histogram rect').count(), distribution.buckets.length));
    const steps = await server.ask(`top?${PLAIN}&workflow=support_ticket`);
    await eventually(async () => assert.deepEqual(await texts('Its steps', 'step'), steps.rows.map((row) => row.key)));
  });

  it('shows a step by model, by cost and by workflow, from a link alone', async () => {
    await page.goto(server.url('/steps/doc_synthesis?window=7d&tz=UTC'));
    const top = await server.ask('top?window=7d');
    const row = top.rows.find(({ key }) => key === 'doc_synthesis');
    await eventually(async () => assert.equal(await page.locator('.spend-total').innerText(), usd(row.cost_usd)));
    const series = await server.ask('series?window=7d&step=doc_synthesis&by=model');
    await page.getByText('Figures', { exact: true }).first().click();
    const cells = page.getByRole('region', { name: 'Spend by model, figures' }).locator('tbody tr');
    await eventually(async () => {
      const first = await cells.nth(1).locator('td').allInnerTexts();
      assert.deepEqual(first, series.groups.map((group) => usd(group.point_cost_usd[1])));
    });
    const distribution = await server.ask('distribution?window=7d&step=doc_synthesis');
    const picture = page.locator('svg.histogram');
    assert.match(await picture.getAttribute('aria-label'), new RegExp(`^${count(distribution.count)} calls: p50 `));
    await picture.getByText(`threshold ${usd(distribution.threshold_usd)}`).waitFor();
    const workflows = await server.ask('top?window=7d&step=doc_synthesis&by=workflow');
    assert.deepEqual(await texts('Workflows it serves', 'cost_usd'), workflows.rows.map((each) => usd(each.cost_usd)));
  });

  it('shows outliers, newest first, and the run around one', async () => {
    await page.getByRole('link', { name: 'Outliers', exact: true }).click();
    const outliers = await server.ask(`outliers?${PLAIN}&limit=50`);
    const caption = `Outliers, newest 50 of ${count(outliers.total)}`;
    await column(page, caption, 'step').first().waitFor();
    assert.deepEqual(await texts(caption, 'step'), outliers.calls.map((call) => call.step));
    assert.deepEqual(await texts(caption, 'cost_usd'), outliers.calls.map((call) => usd(call.cost_usd)));
    assert.deepEqual(await texts(caption, 'workflow_id'), outliers.calls.map((call) => call.workflow_id));
    const { workflow_id: id } = outliers.calls[0];
    await column(page, caption, 'workflow_id').first().getByRole('link').click();
    const run = await server.ask(`runs/${id}`);
    await page.getByRole('heading', { name: `Run ${id}` }).waitFor();
    await column(page, 'Calls', 'step').first().waitFor();
    assert.deepEqual(await texts('Calls', 'step'), run.calls.map((call) => call.step));
    assert.deepEqual(await texts('Calls', 'cost_usd'), run.calls.map((call) => (call.unpriced ? 'unpriced' : usd(call.cost_usd))));
    assert.equal(await page.locator('.timeline li').count(), run.calls.length);
    assert.equal(await page.locator('.spend-total').getAttribute('title'), `$${run.cost_usd}`);
    await page.goBack();
    await column(page, caption, 'step').first().waitFor();
  });

  it('saves a table as CSV, with exact amounts', async () => {
    const top = await server.ask(`top?${PLAIN}`);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV' }).click(),
    ]);
    assert.equal(download.suggestedFilename(), 'spend-by-step.csv');
    const [header, ...lines] = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n').map((line) => line.split(','));
    assert.equal(lines.length, top.rows.length);
    for (const field of ['step', 'cost_usd', 'calls', 'p95_cost_usd', 'output_tokens', 'unsurfaced_usd']) {
      const at = header.indexOf(field);
      assert.deepEqual(lines.map((line) => line[at]), top.rows.map((row) => String(row[field === 'step' ? 'key' : field])), field);
    }
  });

  it('sets a rate and prices what was unpriced', async () => {
    const time = new Date(Date.now() - 2 * 3_600_000).toISOString();
    await server.send([1, 2].map((i) => ({
      event_id: `new-${i}`, time, workflow_id: 'run-of-new', step: 'planning', model: 'brand-new-1', usage: { input_tokens: 1_000_000 },
    })));
    await page.getByText('2 late since this page was opened').waitFor();
    await page.getByRole('link', { name: '2 without a rate' }).click();
    await page.getByRole('row', { name: /brand-new-1/ }).getByRole('button', { name: 'Set a rate' }).click();
    assert.equal(await page.locator('#rate-form input[inputmode=decimal]').count(), usageClasses().length);
    await page.getByLabel('Input', { exact: true }).fill('2.50');
    await page.getByLabel('Output', { exact: true }).fill('10');
    await page.getByLabel('Source').fill('the price list');
    await page.getByRole('button', { name: 'Set rate' }).click();
    await page.getByText('Added; 2 calls were priced again.').waitFor();
    await page.getByText('Every model with calls has a rate.').waitFor();
    assert.equal((await server.ask('runs/run-of-new')).cost_usd, '5');
    const row = page.getByRole('row', { name: /brand-new-1/ });
    assert.match(await row.innerText(), /\$2\.50\s+\$10\.00.*the price list/s);
    await page.getByLabel('Model').fill('brand-new-1');
    await page.getByLabel('Input', { exact: true }).fill('99999999999999');
    await page.getByLabel('Output', { exact: true }).fill('1');
    await page.getByRole('button', { name: 'Set rate' }).click();
    await page.locator('.rate .error').filter({ hasText: 'brand-new-1' }).waitFor();
  });
});
