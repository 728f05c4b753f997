// SPDX-License-Identifier: Apache-2.0
// One run: its calls on a time line, and what each of them cost.

import { useState } from 'preact/hooks';
import type { BilledCall, GetRunResponse } from '../generated/itemized/v1/query';
import { formatCalls, formatCount, formatDuration, formatOutcome, formatTime, nameOf } from '../data/format';
import { durationOf, usdLacking } from '../data/known';
import { DASH, formatUsd, parseUsd } from '../data/money';
import type { Route } from '../data/route';
import { allCalls, useRun } from '../data/run';
import { CALL_COLUMNS, Unpriced } from '../parts/calls';
import { Explanation } from '../parts/explanation';
import { Link } from '../parts/link';
import { Missing } from '../parts/missing';
import { Spans, useSpans } from '../parts/spans';
import { Table, type Column } from '../parts/table';

const LINES_MAX = 200; // The time line has no more; the table has all calls.

interface Span { begin: number; end: number }
const spanOf = (call: BilledCall): Span => {
  const end = Date.parse(call.time ?? '');
  return { begin: end - call.duration_ms, end };
};

function Timeline(props: { calls: BilledCall[]; total: number; route: Route }) {
  const calls = props.calls.slice(0, LINES_MAX);
  const spans = calls.map(spanOf);
  const begin = Math.min(...spans.map((span) => span.begin));
  const last = Math.max(...spans.map((span) => span.end));
  const end = Math.max(last, begin + 1);
  const most = calls.reduce((top, call) => { const cost = parseUsd(call.cost_usd); return cost > top ? cost : top; }, 1n);
  const percent = (part: number) => `${(part / (end - begin)) * 100}%`;
  return (
    <figure class="timeline">
      <figcaption><h2>Time line</h2><span class="dim">{formatDuration(durationOf(last - begin))} from the first call to the last; the darker, the dearer</span></figcaption>
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
                  title={`${nameOf(call.step)}, ${nameOf(call.model)}: ${formatDuration(durationOf(call.duration_ms))}`} />
              </span>
              <span class="cost">{call.unpriced ? <Unpriced route={props.route} call={call} /> : formatUsd(call.cost_usd)}</span>
            </li>
          );
        })}
      </ol>
      {props.total > calls.length && <p class="dim">The first {formatCount(calls.length)} of {formatCount(props.total)} calls.</p>}
    </figure>
  );
}

function Facts(props: { run: GetRunResponse; route: Route }) {
  const { run, route } = props;
  const known = (usd: string | undefined) => (run.call_count === 0 ? undefined : usdLacking(usd, run.unpriced_calls));
  const cost = known(run.cost_usd);
  const isOpen = run.completed_at === undefined;
  return (
    <dl class="totals">
      <div><dt>Cost</dt><dd class="spend-total" title={cost && `$${cost}`}>{formatUsd(cost)}</dd>
        <dd class="warn"><Missing route={route} unpriced={run.unpriced_calls} /></dd>
        {run.call_count === 0 && <dd class="dim">none of its calls has arrived</dd>}</div>
      <div><dt>Outcome</dt><dd>{formatOutcome(run.outcome)}</dd>
        {!isOpen && <dd class="dim">{formatTime(run.completed_at, route.tz)}</dd>}</div>
      <div><dt>Workflow</dt><dd>{run.workflow === undefined ? DASH
        : <Link to={{ ...route, view: 'workflow', name: run.workflow, sort: '' }}>{nameOf(run.workflow)}</Link>}</dd></div>
      <div><dt>Calls</dt><dd>{formatCount(run.call_count)}</dd></div>
      <div><dt>Unsurfaced</dt><dd>{formatUsd(isOpen ? undefined : known(run.unsurfaced_usd))}</dd>
        {isOpen && <dd class="dim">told when the run ends</dd>}
        {run.unused_steps.length > 0 && <dd class="dim">not used: {run.unused_steps.join(', ')}</dd>}</div>
    </dl>
  );
}

const flags: Column<BilledCall> = {
  id: 'flags', title: '', isText: true,
  cell: (call) => (
    <>
      {call.is_outlier && <span class="flag warn">outlier</span>}
      {call.receipt?.learning && <span class="flag">learning</span>}
      {call.unsurfaced && <span class="flag">unsurfaced</span>}
      {call.status !== undefined && call.status !== 'ok' && <span class="flag warn">{call.status}</span>}
    </>
  ),
  value: (call) => [call.is_outlier && 'outlier', call.receipt?.learning && 'learning', call.unsurfaced && 'unsurfaced', call.status].filter(Boolean).join(' '),
};

const explainColumn = (explain: (call: BilledCall) => void): Column<BilledCall> => ({
  id: 'explain', title: '', isText: true,
  cell: (call) => call.event_id !== undefined && <button type="button" class="quiet" onClick={() => explain(call)}>Explain</button>,
});

export function RunView(props: { route: Route }) {
  const { route } = props;
  const { run, calls, more, isFetching, error, failure } = useRun(route.name);
  const [explained, explain] = useState<BilledCall | undefined>();
  const told = useSpans(route.name);
  const spans = told?.spans ?? [];
  if (run === undefined || error !== undefined) {
    return (
      <><h1>Run {route.name}</h1>
        {error !== undefined ? <p class="error" role="alert">{error}</p> : <p class="dim">Asking…</p>}</>
    );
  }
  const total = run.call_count;
  const isPart = total > calls.length;
  return (
    <>
      <h1>Run {route.name}</h1>
      <Facts run={run} route={route} />
      {calls.length > 0 && <Timeline calls={calls} total={total} route={route} />}
      {calls.length > 0 && (
        <Table caption={isPart ? `Calls, first ${formatCount(calls.length)} of ${formatCount(total)}` : 'Calls'} file={`run-${route.name}`} rows={calls}
          keyOf={(call) => `${call.event_id} ${call.time} ${call.step}`} total={total} fetchAll={(onProgress) => allCalls(route.name, onProgress)}
          columns={[CALL_COLUMNS.time(route), CALL_COLUMNS.step(route), CALL_COLUMNS.model, CALL_COLUMNS.input, CALL_COLUMNS.output,
            CALL_COLUMNS.duration, CALL_COLUMNS.cost(route), CALL_COLUMNS.receipt, flags, explainColumn(explain)]} />
      )}
      {explained !== undefined && <Explanation run={route.name} call={explained} spans={spans} />}
      {spans.length > 0 && <Spans spans={spans} leftOff={told?.left_off_traces ?? 0} />}
      {failure !== undefined && <p class="error" role="alert">The next calls did not come: {failure}</p>}
      {(more !== undefined || isFetching) && (
        <button type="button" class="more" onClick={more} disabled={isFetching}>
          {isFetching ? 'Fetching…' : `Fetch more of the other ${formatCalls(total - calls.length)}`}
        </button>
      )}
    </>
  );
}
