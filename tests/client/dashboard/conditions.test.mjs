// SPDX-License-Identifier: Apache-2.0
// The dashboard under conditions that are not the best: no data, no server, odd names,
// little room, no mouse, no eyes.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { axeSource, column, launch, open, Server } from './harness.mjs';

describe('the dashboard', { timeout: 300_000 }, () => {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  it('tells how to send the first call and price it, and shows each as it comes', async () => {
    const server = await new Server().start();
    const page = await open(browser, server.url('/'));
    const snippets = page.locator('.snippet pre');
    await snippets.first().waitFor();
    const [curl, prices, file] = await snippets.allInnerTexts();
    const directory = mkdtempSync(join(tmpdir(), 'itemized-dashboard.'));
    // Does what the page says, and where it says it, in its order.
    const follow = (text) => server.shell(text, directory);
    follow(curl);
    await page.getByRole('link', { name: 'planning' }).waitFor();
    await page.getByRole('link', { name: '1 without a rate' }).click();
    await page.getByText('Most models have one among the bundled prices').waitFor();
    assert.equal(await snippets.innerText(), prices);
    follow(await snippets.innerText());
    await page.getByText('Every model with calls has a rate.').waitFor();
    await page.getByRole('link', { name: 'Spend', exact: true }).click();
    await page.locator('.spend-total', { hasText: '$0.0345' }).waitFor();
    await column(page, 'Spend by step', 'outliers').getByText('learning 1 of 30').waitFor();
    assert.equal(await page.getByText('▲').count(), 0);
    follow(curl); // It counts nothing twice.
    follow(file);
    await page.getByRole('link', { name: 'answer', exact: true }).waitFor();
    await page.locator('.spend-total', { hasText: '$0.0690' }).waitFor();
    assert.deepEqual((await column(page, 'Spend by step', 'calls').allInnerTexts()), ['1', '1']);
    assert.equal(await page.locator('main .warn').getByText('without').count(), 0);
    assert.deepEqual(page.faults, []);
    rmSync(directory, { recursive: true });
    await page.context().close();
    await server.end();
  });

  it('keeps what it showed while the server is away, and goes on when it is back', async () => {
    const server = await new Server().start();
    const call = (id) => ({
      event_id: id, time: new Date().toISOString(), workflow_id: 'run', step: 'planning', model: 'm', usage: { input_tokens: 1 },
    });
    await server.send([call('one')]);
    const page = await open(browser, server.url('/?window=24h'));
    const calls = column(page, 'Spend by step', 'calls');
    await calls.getByText('1', { exact: true }).waitFor();
    await server.stop();
    await page.locator('.lost').waitFor();
    assert.equal(await calls.innerText(), '1');
    await server.start();
    await page.locator('.lost').waitFor({ state: 'detached' });
    await server.send([call('two')]);
    await calls.getByText('2', { exact: true }).waitFor();
    assert.deepEqual(page.faults, []);
    await page.context().close();
    await server.end();
  });

  it('shows a thousand hostile names as the text they are', async () => {
    const server = await new Server().start();
    const markup = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
    const names = [markup, `javascript:alert(3)`, 'a/b?c#d%25&e=f', `=cmd|' /C calc'!A0`, '../../etc', '"\'\\', 'x'.repeat(200),
      'שלום \u202Eevil', '\u{1F916} бот', ...Array.from({ length: 992 }, (_, i) => `step ${i}`)];
    await fetch(server.url('/api/v1/rates'), {
      method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ rates: [{ match: { equals: markup }, prices: { input: '1000', output: '1' }, source: markup }] }),
    });
    // The first of the names gets history enough for a threshold, and so an outlier.
    await server.send(Array.from({ length: 40 }, (_, i) => ({
      event_id: `early-${i}`, time: new Date(Date.now() - 120_000).toISOString(), workflow: markup, workflow_id: 'run-0', step: markup,
      model: markup, usage: { input_tokens: 1 },
    })));
    await server.send(names.map((step, i) => ({
      event_id: `c-${i}`, time: new Date(Date.now() - 60_000).toISOString(), workflow: markup, workflow_id: `run-${i % 7}`, step,
      model: markup, usage: { input_tokens: 1000 - i > 0 ? 1000 - i : 1 }, attributes: { note: markup },
    })));
    for (const width of [1440, 390]) {
      const page = await open(browser, server.url('/?window=24h'), { viewport: { width, height: 800 } });
      const shown = column(page, 'Spend by step', 'step').locator('a');
      await shown.first().waitFor();
      assert.equal(await shown.first().innerText(), markup);
      await page.getByRole('button', { name: 'Show all 1,001 rows' }).click();
      const all = await shown.evaluateAll((links) => links.map((link) => link.textContent));
      assert.deepEqual(new Set(all), new Set(names));
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `wider than ${width}`);
      for (const name of [markup, 'a/b?c#d%25&e=f', '../../etc', '"\'\\']) {
        await page.goto(server.url('/?window=24h'));
        await shown.getByText(name, { exact: true }).first().click();
        await page.getByRole('heading', { level: 1, name }).waitFor();
        await page.locator('.spend-total').waitFor(); // It was found by that name.
        await page.reload();
        await page.locator('.spend-total').waitFor();
      }
      for (const path of ['/workflows?window=24h', '/outliers?window=24h', '/prices', '/runs/run-1']) {
        await page.goto(server.url(path));
        await page.getByRole('table').first().waitFor();
        assert.equal(await page.locator('main img, main script').count(), 0, path);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} is wider than ${width}`);
      }
      assert.deepEqual(page.faults, []);
      await page.context().close();
    }
    await server.end();
  });

  it('has no serious fault for people who do not see or do not use a mouse', async () => {
    const server = await new Server().start();
    server.addTraffic();
    const { calls } = await server.ask('outliers?limit=1');
    const paths = ['/', '/steps/doc_synthesis', '/workflows', '/workflows/support_ticket', `/runs/${calls[0].workflow_id}`, '/outliers', '/prices'];
    for (const colorScheme of ['light', 'dark']) {
      for (const path of paths) {
        const page = await open(browser, server.url(path), { colorScheme });
        await page.getByRole('table').first().waitFor();
        await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null);
        await page.evaluate(axeSource);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html).join(' ')}`);
        assert.deepEqual(serious, [], `${path} ${colorScheme}`);
        await page.context().close();
      }
    }
    const page = await open(browser, server.url('/'));
    await column(page, 'Spend by step', 'step').first().waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the figures');
    await column(page, 'Spend by step', 'step').first().getByRole('link').press('Enter');
    await page.getByRole('heading', { level: 1, name: 'doc_synthesis' }).waitFor();
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.locator('.controls').isVisible(), false);
    await page.context().close();
    await server.end();
  });
});
