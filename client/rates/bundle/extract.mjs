// SPDX-License-Identifier: Apache-2.0
// Writes the price list inside the package @pydantic/genai-prices to the file that is named, in
// the form of genai-prices v2: [{id, models: [{id, match, prices}]}].
//
//   node extract.mjs DIRECTORY_OF_NODE_MODULES OUTPUT
//
// The package exports functions that price by the list, but not the list: it is the first
// constant of its module, which is loaded with one more export. The version is pinned, and what
// is found is checked, so that a package of another build fails here and not in a bill.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [directory, output] = process.argv.slice(2);
const root = join(directory, '@pydantic/genai-prices/dist');
const source = readFileSync(join(root, 'index.js'), 'utf8');
const name = source.match(/^const (\w+) = \[/)?.[1];
if (name === undefined) {
  throw new Error('The module of @pydantic/genai-prices does not begin with its list.');
}
const copy = `${output}.mjs`;
writeFileSync(copy, `${source}\nexport { ${name} as providers };\n`);
const { providers } = await import(pathToFileURL(copy).href);

// The list is matched without regard to case; names are looked up in lower case as well.
function lowerCase(match) {
  const [[kind, value]] = Object.entries(match);
  if (Array.isArray(value)) {
    return { [kind]: value.map(lowerCase) };
  }
  return { [kind]: kind === 'regex' ? value : value.toLowerCase() };
}

// Upper case in the list is how the provider writes its name: both are taken.
function anyCase(match) {
  const lower = lowerCase(match);
  return JSON.stringify(lower) === JSON.stringify(match) ? match : { or: [match, lower] };
}

const models = ({ id, match, prices }) => ({ id, match: anyCase(match), prices });
const list = providers.map((provider) => ({ id: provider.id, models: provider.models.map(models) }));
const count = list.reduce((sum, provider) => sum + provider.models.length, 0);
if (list.length < 40 || count < 1500) {
  throw new Error(`Only ${list.length} providers with ${count} models were found in the list.`);
}
writeFileSync(output, JSON.stringify(list));
