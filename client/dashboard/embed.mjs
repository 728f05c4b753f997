// SPDX-License-Identifier: Apache-2.0
// node embed.mjs DIST OUTPUT
// Writes OUTPUT, a C++ file that holds all files of DIST, gzipped.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { constants, gzipSync } from 'node:zlib';

const CONTENT_TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

function filesUnder(folder, prefix = '') {
  return readdirSync(join(folder, prefix), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(prefix, entry.name);
      return entry.isDirectory() ? filesUnder(folder, path) : [path];
    })
    .sort();
}

const [dist, output] = process.argv.slice(2);
const arrays = [];
const entries = [];
for (const [i, file] of filesUnder(dist).entries()) {
  const type = CONTENT_TYPES[extname(file)];
  if (type === undefined) {
    throw new Error(`${file}: no content type is known for it`);
  }
  const bytes = gzipSync(readFileSync(join(dist, file)), { level: constants.Z_BEST_COMPRESSION });
  const path = file === 'index.html' ? '/' : `/${file}`;
  arrays.push(`constexpr unsigned char kFile${i}[] = {${Array.from(bytes).join(',')}};`);
  entries.push(`{"${path}", "${type}", Text(kFile${i}, sizeof(kFile${i}))}`);
}
writeFileSync(
  output,
  `// Made by client/dashboard/embed.mjs.
#include <cstddef>

#include "server/http/pages.h"

namespace itemized::server {
namespace {

${arrays.join('\n')}

absl::string_view Text(const unsigned char* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

absl::Span<const PageFile> EmbeddedPages() {
  static const PageFile kPages[] = {
      ${entries.join(',\n      ')}};
  return kPages;
}

}  // namespace itemized::server
`,
);
