// SPDX-License-Identifier: Apache-2.0
// What stands around every view: its name in the address, the tabs and the controls.

import { useEffect, useState } from 'preact/hooks';
import { nameOf } from './data/format';
import { useRoute, type Route, type ViewName } from './data/route';
import { Controls } from './parts/controls';
import { Link } from './parts/link';
import { Trust } from './parts/trust';
import { OutliersView } from './views/outliers';
import { PricesView } from './views/prices';
import { RunView } from './views/run';
import { StepView } from './views/step';
import { StepsView } from './views/steps';
import { WorkflowView } from './views/workflow';
import { WorkflowsView } from './views/workflows';

const TABS: { view: ViewName; title: string; holds: ViewName[] }[] = [
  { view: 'steps', title: 'Spend', holds: ['steps', 'step'] },
  { view: 'workflows', title: 'Workflows', holds: ['workflows', 'workflow'] },
  { view: 'outliers', title: 'Outliers', holds: ['outliers'] },
  { view: 'prices', title: 'Prices', holds: ['prices'] },
];
const TITLES: Record<ViewName, string> = {
  steps: 'Spend by step', step: 'Step', workflows: 'Workflows', workflow: 'Workflow', run: 'Run',
  outliers: 'Outliers', prices: 'Prices', missing: 'Not found',
};
const THEMES = ['auto', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

function applyTheme(theme: Theme): void {
  if (theme === 'auto') {
    delete document.documentElement.dataset.theme;
  } else {
    document.documentElement.dataset.theme = theme;
  }
  dispatchEvent(new Event('themechange'));
}

function storedTheme(): Theme {
  const stored = localStorage.getItem('theme');
  return THEMES.find((theme) => theme === stored) ?? 'auto';
}

function ThemeButton() {
  const [theme, setTheme] = useState(storedTheme);
  useEffect(() => {
    localStorage.setItem('theme', theme);
    applyTheme(theme);
  }, [theme]);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto';
  return (
    <button type="button" class="quiet theme" onClick={() => setTheme(next)} aria-label={`Colours: ${theme}; change to ${next}`}>
      {theme === 'auto' ? '◐' : theme === 'light' ? '○' : '●'}
    </button>
  );
}

function View(props: { route: Route }) {
  const { route } = props;
  // The key makes a view of another thing start afresh, without the figures of the last.
  switch (route.view) {
    case 'steps': return <StepsView route={route} key={route.by} />;
    case 'step': return <StepView route={route} key={route.name} />;
    case 'workflows': return <WorkflowsView route={route} />;
    case 'workflow': return <WorkflowView route={route} key={route.name} />;
    case 'run': return <RunView route={route} key={route.name} />;
    case 'outliers': return <OutliersView route={route} />;
    case 'prices': return <PricesView route={route} />;
    case 'missing': return <p class="empty">There is no such page. <Link to={{ ...route, view: 'steps', name: '' }}>Spend by step</Link></p>;
  }
}

const HAS_WINDOW: ViewName[] = ['steps', 'step', 'workflows', 'workflow', 'outliers'];
const HAS_FILTER: ViewName[] = ['steps', 'step', 'outliers', 'workflow'];

export function App() {
  const route = useRoute();
  useEffect(() => {
    document.title = `${route.name === '' ? TITLES[route.view] : nameOf(route.name)} · itemized`;
  }, [route.view, route.name]);
  const to = (view: ViewName): Route => ({ ...route, view, name: '', sort: '', order: 'newest', by: 'step' });
  return (
    <>
      <a class="skip" href="#main">Skip to the figures</a>
      <header>
        <Link class="brand" to={to('steps')}>itemized</Link>
        <nav aria-label="Views">
          {TABS.map((tab) => (
            <Link key={tab.view} to={to(tab.view)} current={tab.holds.includes(route.view)}>{tab.title}</Link>
          ))}
        </nav>
        <ThemeButton />
      </header>
      {HAS_WINDOW.includes(route.view) && <Controls route={route} canFilter={HAS_FILTER.includes(route.view)} />}
      <main id="main" tabIndex={-1}>
        {['steps', 'workflows', 'outliers', 'prices'].includes(route.view) && <h1 class="visually-hidden">{TITLES[route.view]}</h1>}
        <View route={route} />
      </main>
      <footer><Trust route={route} /></footer>
    </>
  );
}
