// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vite';

// `npx vite` serves the page while it is being worked on, and asks a running server.
export default defineConfig({
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: false, sourcemap: false },
  server: { proxy: { '/api': 'http://127.0.0.1:4318' } },
});
