// SPDX-License-Identifier: Apache-2.0
// The page that the server shows at its address. It knows the HTTP API alone, whose types come
// from proto/: `data` asks and computes, `parts` are what views share, `views` are the pages.

import { render } from 'preact';
import { App } from './app';
import { askEarly, start } from './data/live';
import { here } from './data/route';
import './styles.css';
import { questionsOf } from './views/steps';

const root = document.getElementById('app');
if (root !== null) {
  const route = here();
  if (route.view === 'steps') {
    Object.values(questionsOf(route)).forEach(askEarly);
  }
  start();
  render(<App />, root);
}
