// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';

function Snippet(props: { label: string; text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard.writeText(props.text).then(() => setCopied(true));
  return (
    <div class="snippet">
      <div>
        <span>{props.label}</span>
        <button type="button" class="quiet" onClick={copy}>{copied ? 'Copied' : 'Copy'}</button>
      </div>
      <pre tabIndex={0}>{props.text}</pre>
    </div>
  );
}

const call = (origin: string): string =>
  `curl ${origin}/api/v1/events --data-binary '{"time":"${new Date().toISOString()}",` +
  '"workflow":"support_ticket","workflow_id":"run-1","step":"planning","provider":"anthropic",' +
  '"model":"claude-sonnet-4-6","usage":{"input_tokens":8400,"output_tokens":620}}\'';

/** How to send the first call, for a server that has none. */
export function FirstCall() {
  return (
    <section class="empty">
      <h2>No calls yet</h2>
      <p>Send one, and this page shows it within two seconds:</p>
      <Snippet label="a call, with curl" text={call(location.origin)} />
      <Snippet label="the bundled prices, so that it has a cost" text="itemize rates import --bundled" />
      <Snippet label="a file of them" text="itemize import calls.ndjson" />
    </section>
  );
}

/** For a window or a filter that nothing is in. */
export function NothingHere(props: { what: string }) {
  return (
    <p class="empty">
      No {props.what} in this window{' '}
      <span class="dim">— look further back, or take a filter away.</span>
    </p>
  );
}
