// SPDX-License-Identifier: Apache-2.0
// What is looked at: the window, its time zone, and which calls.

import { useState } from 'preact/hooks';
import { nameOf } from '../data/format';
import { addFilter, FILTER_NAMES, go, isFiltered, type Filter, type Route } from '../data/route';

const WINDOWS = [
  { id: '24h', title: '24 h' },
  { id: '7d', title: '7 d' },
  { id: '30d', title: '30 d' },
  { id: '90d', title: '90 d' },
];

/** All zones are listed once they are looked for: there are four hundred. */
function ZonePicker(props: { route: Route }) {
  const { route } = props;
  const [all, setAll] = useState(false);
  const zones = new Set(['UTC', route.tz, ...(all ? Intl.supportedValuesOf('timeZone') : [])]);
  return (
    <select class="zone" aria-label="Time zone" value={route.tz} onFocus={() => setAll(true)} onPointerEnter={() => setAll(true)}
      onChange={(e) => go({ ...route, tz: e.currentTarget.value })}>
      {[...zones].map((zone) => <option key={zone}>{zone}</option>)}
    </select>
  );
}

function CustomWindow(props: { route: Route; onDone: () => void }) {
  const { route } = props;
  const [from, setFrom] = useState(route.from);
  const [to, setTo] = useState(route.to);
  const submit = (event: Event) => {
    event.preventDefault();
    go({ ...route, window: '', from, to });
    props.onDone();
  };
  return (
    <form class="custom" onSubmit={submit}>
      <label>From <input type="date" required value={from.slice(0, 10)} onInput={(e) => setFrom(e.currentTarget.value)} /></label>
      <label>to, exclusive <input type="date" value={to.slice(0, 10)} onInput={(e) => setTo(e.currentTarget.value)} /></label>
      <button type="submit">Show</button>
    </form>
  );
}

function WindowPicker(props: { route: Route }) {
  const { route } = props;
  const isCustom = route.from !== '';
  const [open, setOpen] = useState(isCustom);
  const choose = (window: string) => {
    setOpen(false);
    go({ ...route, window, from: '', to: '' });
  };
  return (
    <div class="windows" role="group" aria-label="Window">
      {WINDOWS.map(({ id, title }) => (
        <button key={id} type="button" aria-pressed={!isCustom && !open && route.window === id} onClick={() => choose(id)}>
          {title}
        </button>
      ))}
      <button type="button" aria-pressed={isCustom || open} aria-expanded={open} onClick={() => setOpen(!open)}>
        Custom
      </button>
      {open && <CustomWindow key={route.from + route.to} route={route} onDone={() => setOpen(false)} />}
    </div>
  );
}

const KINDS = [...FILTER_NAMES, 'attribute'] as const;

function AddFilter(props: { route: Route; onDone: () => void }) {
  const { route } = props;
  const [kind, setKind] = useState<(typeof KINDS)[number]>('workflow');
  const [value, setValue] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    const filter: Filter = { ...route.filter, attributes: [...route.filter.attributes] };
    if (kind === 'attribute') {
      filter.attributes.push(value);
    } else {
      filter[kind] = value;
    }
    go({ ...route, filter });
    props.onDone();
  };
  return (
    <form class="custom" onSubmit={submit}>
      <label>
        Only this{' '}
        <select value={kind} onChange={(e) => setKind(e.currentTarget.value as typeof kind)}>
          {KINDS.map((name) => <option key={name}>{name}</option>)}
        </select>
      </label>
      <input
        aria-label="Value"
        required={kind === 'attribute'}
        pattern={kind === 'attribute' ? '[^=]+=.*' : undefined}
        placeholder={kind === 'attribute' ? 'tenant=acme' : kind === 'workflow' ? 'support_ticket' : ''}
        value={value}
        onInput={(e) => setValue(e.currentTarget.value)}
      />
      <button type="submit">Add</button>
    </form>
  );
}

function Chips(props: { route: Route }) {
  const { route } = props;
  const without = (change: Partial<Filter>) => go({ ...route, filter: { ...route.filter, ...change } });
  return (
    <>
      {FILTER_NAMES.filter((name) => route.filter[name] !== undefined).map((name) => (
        <button key={name} type="button" class="chip" onClick={() => without({ [name]: undefined })}
          aria-label={`Remove the filter ${name} ${nameOf(route.filter[name] ?? '')}`}>
          {name}: <b>{nameOf(route.filter[name] ?? '')}</b> <span aria-hidden="true">×</span>
        </button>
      ))}
      {route.filter.attributes.map((attribute) => (
        <button key={attribute} type="button" class="chip" aria-label={`Remove the filter ${attribute}`}
          onClick={() => without({ attributes: route.filter.attributes.filter((other) => other !== attribute) })}>
          <b>{attribute}</b> <span aria-hidden="true">×</span>
        </button>
      ))}
    </>
  );
}

/** `canFilter`: whether the view heeds the filter. */
export function Controls(props: { route: Route; canFilter: boolean }) {
  const { route } = props;
  const [adding, setAdding] = useState(false);
  return (
    <div class="controls">
      <WindowPicker route={route} />
      <ZonePicker route={route} />
      {props.canFilter ? (
        <div class="filters" role="group" aria-label="Filter">
          <Chips route={route} />
          <button type="button" aria-expanded={adding} onClick={() => setAdding(!adding)}>+ Filter</button>
          {adding && <AddFilter key={addFilter(new URLSearchParams(), route.filter).toString()} route={route} onDone={() => setAdding(false)} />}
        </div>
      ) : (
        isFiltered(route.filter) && <p class="note">The filter does not apply to this view.</p>
      )}
    </div>
  );
}
