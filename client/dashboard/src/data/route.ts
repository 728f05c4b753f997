// SPDX-License-Identifier: Apache-2.0
// What is shown, as it stands in the address: so that every view can be shared, and
// the back button works.

import { useEffect, useState } from 'preact/hooks';

export type ViewName =
  | 'steps' | 'step' | 'workflows' | 'workflow' | 'run' | 'outliers' | 'prices' | 'missing';

export interface Route {
  view: ViewName;
  /** The step, workflow or run of the view; "" if it has none. */
  name: string;
  /** "30d", or "" if `from` is set. */
  window: string;
  /** RFC 3339 times or dates in `tz`; `to` may be "". */
  from: string;
  to: string;
  /** IANA name. */
  tz: string;
  /** step, model, workflow, provider or attribute:KEY. */
  by: string;
  filter: Filter;
  /** Column and direction, "-cost_usd"; "" is the order of the API. */
  sort: string;
  /** Says which outliers come first, and so which are fetched. */
  order: Order;
}

export const ORDERS = ['newest', 'cost'] as const;
export type Order = (typeof ORDERS)[number];

/** Each is a name that calls must have, or undefined. */
export interface Filter {
  step?: string;
  model?: string;
  workflow?: string;
  provider?: string;
  /** KEY=VALUE. */
  attributes: string[];
}

export const FILTER_NAMES = ['step', 'model', 'workflow', 'provider'] as const;
export const isFiltered = (filter: Filter): boolean =>
  filter.attributes.length > 0 || FILTER_NAMES.some((name) => filter[name] !== undefined);

const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const SINGLE: Record<string, ViewName> = {
  '': 'steps', workflows: 'workflows', outliers: 'outliers', prices: 'prices',
};
const NAMED: Record<string, ViewName> = { steps: 'step', workflows: 'workflow', runs: 'run' };

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function viewOf(path: string): Pick<Route, 'view' | 'name'> {
  const [, first = '', ...rest] = path.split('/');
  if (rest.length === 0 || (rest.length === 1 && rest[0] === '' && first === '')) {
    return { view: SINGLE[first] ?? 'missing', name: '' };
  }
  const name = decode(rest.join('/'));
  const view = name === undefined ? undefined : NAMED[first];
  return view === undefined ? { view: 'missing', name: '' } : { view, name: name ?? '' };
}

export function parseRoute(path: string, search: string): Route {
  const query = new URLSearchParams(search);
  const filter: Filter = { attributes: query.getAll('attribute') };
  for (const name of FILTER_NAMES) {
    if (query.has(name)) {
      filter[name] = query.get(name) ?? '';
    }
  }
  const zone = query.get('tz') ?? '';
  const from = query.get('from') ?? '';
  return {
    ...viewOf(path),
    window: from === '' ? query.get('window') || '30d' : '',
    from,
    to: from === '' ? '' : query.get('to') ?? '',
    tz: isZone(zone) ? zone : browserZone(),
    by: query.get('by') ?? 'step',
    filter,
    sort: query.get('sort') ?? '',
    order: ORDERS.find((order) => order === query.get('order')) ?? 'newest',
  };
}

const PATHS: Record<ViewName, string> = {
  steps: '/', step: '/steps/', workflows: '/workflows', workflow: '/workflows/', run: '/runs/',
  outliers: '/outliers', prices: '/prices', missing: '/',
};

/** The parameters of the window and the filter, as the API and the address have them. */
export function windowParameters(route: Route): URLSearchParams {
  const query = new URLSearchParams();
  if (route.from === '') {
    query.set('window', route.window);
  } else {
    query.set('from', route.from);
    if (route.to !== '') {
      query.set('to', route.to);
    }
  }
  query.set('tz', route.tz);
  return query;
}

export function addFilter(query: URLSearchParams, filter: Filter): URLSearchParams {
  for (const name of FILTER_NAMES) {
    const value = filter[name];
    if (value !== undefined) {
      query.set(name, value);
    }
  }
  for (const attribute of filter.attributes) {
    query.append('attribute', attribute);
  }
  return query;
}

export function addressOf(route: Route): string {
  const query = addFilter(windowParameters(route), route.filter);
  if (route.by !== 'step') {
    query.set('by', route.by);
  }
  if (route.sort !== '') {
    query.set('sort', route.sort);
  }
  if (route.order !== 'newest') {
    query.set('order', route.order);
  }
  return `${PATHS[route.view]}${encodeURIComponent(route.name)}?${query}`;
}

export const here = (): Route => parseRoute(location.pathname, location.search);
const listeners = new Set<() => void>();

/** Goes to `route`; with `replace`, the back button will not come back to this one. */
export function go(route: Route, replace = false): void {
  const address = addressOf(route);
  if (address === location.pathname + location.search) {
    return;
  }
  history[replace ? 'replaceState' : 'pushState'](null, '', address);
  listeners.forEach((listener) => listener());
}

window.addEventListener('popstate', () => listeners.forEach((listener) => listener()));

export function useRoute(): Route {
  const [route, setRoute] = useState(here);
  useEffect(() => {
    const listener = () => setRoute(here());
    listeners.add(listener);
    go(here(), true); // Writes out what was left to the browser, such as the time zone.
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return route;
}
