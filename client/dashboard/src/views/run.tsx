// SPDX-License-Identifier: Apache-2.0
// One run: its calls on a time line, and what each of them cost.

import type { BilledCall, GetRunResponse } from '../generated/itemized/v1/query';
import { formatDuration, formatOutcome, formatTime, nameOf } from '../data/format';
import { useAnswer } from '../data/live';
import { formatUsd, parseUsd } from '../data/money';
import type { Route } from '../data/route';
import { CALL_COLUMNS } from '../parts/calls';
import { Link } from '../parts/link';
import { Table, type Column } from '../parts/table';

const LINES_MAX = 200; // Of the time line; the table has all calls.

interface Span { begin: number; end: number }
const spanOf = (call: BilledCall): Span => {
  const end = Date.parse(call.time);
  return { begin: end - call.duration_ms, end };
};

function Timeline(props: { calls: BilledCall[] }) {
  const calls = props.calls.slice(0, LINES_MAX);
  const spans = calls.map(spanOf);
  const begin = Math.min(...spans.map((span) => span.begin));
  const end = Math.max(...spans.map((span) => span.end), begin + 1);
  const most = calls.reduce((top, call) => { const cost = parseUsd(call.cost_usd); return cost > top ? cost : top; }, 1n);
  const percent = (part: number) => `${(part / (end - begin)) * 100}%`;
  return (
    <figure class="timeline">
      <figcaption><h2>Time line</h2><span class="dim">{formatDuration(end - begin)} from the first call to the last; the darker, the dearer</span></figcaption>
      <ol>
        {calls.map((call, i) => {
          const span = spans[i] ?? { begin, end };
          const weight = Number((parseUsd(call.cost_usd) * 100n) / most) / 100;
          return (
            <li key={`${call.event_id} ${i}`}>
              <span class="who">{nameOf(call.step)}</span>
              <span class="lane">
                <span class={`bar ${call.is_outlier ? 'outlier' : ''} ${call.unsurfaced ? 'unsurfaced' : ''}`}
                  style={{ left: percent(span.begin - begin), width: percent(span.end - span.begin), opacity: 0.35 + 0.65 * weight }}
                  title={`${nameOf(call.step)}, ${call.model}: ${formatDuration(call.duration_ms)}`} />
              </span>
              <span class="cost">{call.unpriced ? 'unpriced' : formatUsd(call.cost_usd)}</span>
            </li>
          );
        })}
      </ol>
      {props.calls.length > LINES_MAX && <p class="dim">The first {LINES_MAX} of {props.calls.length} calls.</p>}
    </figure>
  );
}

function Facts(props: { run: GetRunResponse; route: Route }) {
  const { run, route } = props;
  return (
    <dl class="totals">
      <div><dt>Cost</dt><dd class="spend-total" title={`$${run.cost_usd}`}>{formatUsd(run.cost_usd)}</dd>
        {run.unpriced_calls !== '0' && <dd class="warn">{run.unpriced_calls} calls unpriced</dd>}</div>
      <div><dt>Outcome</dt><dd>{formatOutcome(run.outcome)}</dd>
        {run.completed_at !== '' && <dd class="dim">{formatTime(run.completed_at, route.tz)}</dd>}</div>
      <div><dt>Workflow</dt><dd><Link to={{ ...route, view: 'workflow', name: run.workflow, sort: '' }}>{nameOf(run.workflow)}</Link></dd></div>
      <div><dt>Calls</dt><dd>{run.calls.length}</dd></div>
      <div><dt>Unsurfaced</dt><dd>{formatUsd(run.unsurfaced_usd)}</dd>
        {run.unused_steps.length > 0 && <dd class="dim">not used: {run.unused_steps.join(', ')}</dd>}</div>
    </dl>
  );
}

const flags: Column<BilledCall> = {
  id: 'flags', title: '', isText: true,
  cell: (call) => (
    <>
      {call.is_outlier && <span class="flag warn">outlier</span>}
      {call.unsurfaced && <span class="flag">unsurfaced</span>}
      {call.status !== 'ok' && <span class="flag warn">{call.status}</span>}
    </>
  ),
  value: (call) => [call.is_outlier && 'outlier', call.unsurfaced && 'unsurfaced', call.status].filter(Boolean).join(' '),
};

export function RunView(props: { route: Route }) {
  const { route } = props;
  const { data: run, error } = useAnswer<'run'>(`runs/${encodeURIComponent(route.name)}`);
  return (
    <>
      <h1>Run {route.name}</h1>
      {error !== undefined && <p class="error" role="alert">{error}</p>}
      {run !== undefined && error === undefined && (
        <>
          <Facts run={run} route={route} />
          {run.calls.length > 0 && <Timeline calls={run.calls} />}
          <Table caption="Calls" file={`run-${route.name}`} rows={run.calls} keyOf={(call) => `${call.event_id} ${call.time} ${call.step}`}
            columns={[CALL_COLUMNS.time(route), CALL_COLUMNS.step(route), CALL_COLUMNS.model, CALL_COLUMNS.input, CALL_COLUMNS.output,
              CALL_COLUMNS.duration, CALL_COLUMNS.cost, CALL_COLUMNS.receipt, flags]} />
        </>
      )}
    </>
  );
}
