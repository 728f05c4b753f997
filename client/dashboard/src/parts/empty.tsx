// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';
import { usePulse } from '../data/live';
import { isFiltered, type Route } from '../data/route';

/** What to paste into a shell. */
function Snippet(props: { label: string; text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard.writeText(props.text).then(() => setCopied(true));
  return (
    <div class="snippet">
      <div>
        <span>{props.label}</span>
        <button type="button" class="quiet" onClick={copy} aria-label={`Copy ${props.label}`}>{copied ? 'Copied' : 'Copy'}</button>
      </div>
      <pre tabIndex={0} role="region" aria-label={props.label}>{props.text}</pre>
    </div>
  );
}

/** A call with an id, so that sending it again counts nothing twice. */
const call = (id: string, step: string): string =>
  `{"event_id":"${id}","time":"${new Date().toISOString()}","workflow":"support_ticket",` +
  `"workflow_id":"run-1","step":"${step}","provider":"anthropic","model":"claude-sonnet-4-6",` +
  '"usage":{"input_tokens":8400,"output_tokens":620}}';

const curl = (origin: string): string =>
  `curl ${origin}/api/v1/events --data-binary '${call('call-1', 'planning')}'`;

const file = (option: string): string =>
  `echo '${call('call-2', 'answer')}' > calls.ndjson\nitemize${option} import calls.ndjson`;

/** The client finds a server on this machine by itself, at the usual port. */
const optionOf = (host: string): string =>
  ['localhost', '127.0.0.1', '[::1]'].includes(host) ? '' : ` --server ${host}:4317`;

/** The quickest way to a price for most models. */
export function BundledPrices(props: { label: string }) {
  return <Snippet label={props.label} text={`itemize${optionOf(location.hostname)} rates import --bundled`} />;
}

/** How to send the first call, for a server that has none. */
function FirstCall() {
  const option = optionOf(location.hostname);
  return (
    <section class="empty">
      <h2>No calls yet</h2>
      <p>In this order, from a shell. This page shows each step within two seconds:</p>
      <ol>
        <li><Snippet label="a call, with curl" text={curl(location.origin)} /></li>
        <li><BundledPrices label="the bundled prices, if the server was started without them" /></li>
        <li><Snippet label="more calls, from a file with one a line" text={file(option)} /></li>
      </ol>
      <p class="dim">
        Prices may come before the calls or after them: stored calls without a price are priced then.
        A server whose gRPC port is not 4317 wants <code>--server HOST:PORT</code> or <code>ITEMIZED_SERVER</code>,
        with the address that it printed at its start.
      </p>
    </section>
  );
}

/** Stands for an answer without rows: the server has none at all, or none of this window. */
export function Nothing(props: { what: string; route: Route }) {
  const { info } = usePulse();
  if (info === undefined) {
    return <p class="dim">Asking…</p>;
  }
  return info.calls === 0 && !isFiltered(props.route.filter) ? <FirstCall /> : <NothingHere what={props.what} />;
}

/** Stands for a window or a filter that nothing is in. */
export function NothingHere(props: { what: string }) {
  return (
    <p class="empty">
      No {props.what} in this window{' '}
      <span class="dim">— look further back, or take a filter away.</span>
    </p>
  );
}
