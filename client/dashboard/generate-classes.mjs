// SPDX-License-Identifier: Apache-2.0
// Writes src/generated/usage_classes.ts from the table of usage classes, which is in C++.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const TABLE = new URL('../../storage/base/usage_classes.h', import.meta.url);
const OUT = new URL('src/generated/', import.meta.url);
const ROW = /ROW\(\d+, \d+, k(\w+), (\w+), (\w+), k(\w+), k(\w+), ("[^"]*"), ("[^"]*")\)/g;

/** The rest of a constant behind its "k", as a name of TypeScript. */
const camel = (constant) => `${constant[0].toLowerCase()}${constant.slice(1)}`;

const table = readFileSync(TABLE, 'utf8').replaceAll(/\s*\\\n\s*/g, ' ');
const rows = [...table.matchAll(ROW)].map(([, name, count, price, kind, billedAs, label, description]) =>
  `  { name: '${camel(name)}', count: '${count}', price: '${price}', kind: '${camel(kind)}', ` +
  `billedAs: '${camel(billedAs)}', label: ${label}, description: ${description} },`);
if (rows.length === 0 || rows.length !== table.split(' ROW(').length - 1) {
  throw new Error('A row of storage/base/usage_classes.h has a form that generate-classes.mjs does not read: mend one of them.');
}
mkdirSync(OUT, { recursive: true });
writeFileSync(new URL('usage_classes.ts', OUT), `// Made from storage/base/usage_classes.h.
export const USAGE_CLASSES = [
${rows.join('\n')}
] as const;
`);
