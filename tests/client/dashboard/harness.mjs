// SPDX-License-Identifier: Apache-2.0
// A server of its own for each file of tests, and a browser that looks at its pages.
//
// The programs come from ITEMIZED_BIN, ITEMIZE_BIN and ITEMIZE_DEMO_BIN, by default
// those of build/bin; the browser from CHROMIUM.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const require = createRequire(join(root, 'client/dashboard/package.json'));
const { chromium } = require('playwright-core');
export const axeSource = require('axe-core').source;

/** The names of the usage classes in JSON, from the table that all programs are built from. */
export function usageClasses() {
  const table = readFileSync(join(root, 'storage/base/usage_classes.h'), 'utf8');
  return [...table.matchAll(/ROW\(\d+, \d+, \w+, (\w+),/g)].map(([, name]) => name);
}

const program = (variable, name) => process.env[variable] ?? join(root, 'build/bin', name);
const SERVING = /serving: grpc (\S+), http (\S+),/;

export class Server {
  constructor() {
    this.data = mkdtempSync(join(tmpdir(), 'itemized-dashboard.'));
    this.grpc = '127.0.0.1:0';
    this.http = '127.0.0.1:0';
  }

  /** Starts it, after a stop on the addresses it had. */
  async start() {
    this.process = spawn(
      program('ITEMIZED_BIN', 'itemized'),
      ['--data-dir', this.data, '--grpc-address', this.grpc, '--http-address', this.http, '--no-bundled-rates'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const lines = [];
    for await (const line of createInterface({ input: this.process.stdout })) {
      lines.push(line);
      const serving = SERVING.exec(line);
      if (serving !== null) {
        [, this.grpc, this.http] = serving;
        this.process.stdout.resume();
        return this;
      }
    }
    throw new Error(`the server did not start:\n${lines.join('\n')}`);
  }

  async stop() {
    const exited = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    await exited;
  }

  async end() {
    await this.stop();
    rmSync(this.data, { recursive: true });
  }

  run(variable, name, args) {
    return execFileSync(program(variable, name), args, {
      env: { ...process.env, ITEMIZED_SERVER: this.grpc }, encoding: 'utf8',
    });
  }

  /** Runs what a page shows for a shell, with the client on the path. */
  shell(text, directory) {
    return execFileSync('bash', ['-euc', text], {
      cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, ITEMIZED_SERVER: this.grpc, PATH: `${dirname(program('ITEMIZE_BIN', 'itemize'))}:${process.env.PATH}` },
    });
  }

  /** Thirty days of the demo's traffic, few runs a day, with prices. */
  addTraffic() {
    this.run('ITEMIZE_BIN', 'itemize', ['rates', 'import', '--bundled']);
    this.run('ITEMIZE_DEMO_BIN', 'itemize-demo', ['--seed', '7', '--runs-per-day', '60']);
  }

  /** Sends events; all must be accepted. */
  async send(events) {
    const body = events.map((event) => JSON.stringify(event)).join('\n');
    const response = await fetch(`http://${this.http}/api/v1/events`, { method: 'POST', body });
    const result = await response.json();
    if (result.accepted !== events.length) {
      throw new Error(JSON.stringify(result));
    }
  }

  /** What the API answers. */
  async ask(path) {
    const response = await fetch(`http://${this.http}/api/v1/${path}`);
    const answer = await response.json();
    if (!response.ok) {
      throw new Error(`${path}: ${answer.error}`);
    }
    return answer;
  }

  url(path) {
    return `http://${this.http}${path}`;
  }
}

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });

/** A page that fails the test on an error of a script or of the security policy. */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 }, timezoneId: 'Europe/Berlin', ...options,
  });
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(String(error)));
  page.on('dialog', (dialog) => {
    page.faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    // A server that is away is a matter of some tests.
    if (message.type() === 'error' && !/net::ERR_|Failed to load resource/.test(message.text())) {
      page.faults.push(message.text());
    }
  });
  await page.goto(url);
  return page;
}

/** Lets `change` alter what the API answers to a question, for what a store gets to only in a
 * race or after a month; `change` returns the answer. */
export const alter = (page, path, change) =>
  page.route((url) => url.pathname === `/api/v1/${path}`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: change(await response.json()) });
  });

/** `text` with so many decimals, digit by digit, half to even. */
function round(text, decimals) {
  const [whole, fraction = ''] = text.split('.');
  const digits = `${whole}${fraction.padEnd(decimals + 1, '0')}`.split('').map(Number);
  const dropped = digits.splice(whole.length + decimals);
  const isHalf = dropped[0] === 5 && dropped.slice(1).every((digit) => digit === 0);
  const isUp = isHalf ? digits[digits.length - 1] % 2 === 1 : dropped[0] >= 5;
  for (let at = digits.length - 1, carry = isUp; carry; --at) {
    if (at < 0) {
      digits.unshift(0);
      at = 0;
    }
    digits[at] = (digits[at] + 1) % 10;
    carry = digits[at] === 0;
  }
  const all = digits.join('');
  return decimals === 0 ? all : `${all.slice(0, -decimals)}.${all.slice(-decimals)}`;
}

/** An amount of the API as the page shows it. */
export function usd(text) {
  const value = Number(text);
  if (value === 0) {
    return '$0';
  }
  const decimals = value >= 1 ? 2 : value >= 0.01 ? 4 : value >= 0.000001 ? 6 : 9;
  const [whole, fraction] = round(text, decimals).split('.');
  return `$${Number(whole).toLocaleString('en-US')}.${fraction}`;
}

export const count = (text) => Number(text).toLocaleString('en-US');

/** The texts of a column of the first table with this caption, from top to bottom. */
export const column = (page, caption, id) =>
  page.getByRole('region', { name: caption, exact: true }).locator(`tbody td[data-column="${id}"]`);
