// SPDX-License-Identifier: Apache-2.0
// What a completed run of each workflow costs, failed and abandoned runs included.

import type { WorkflowRow } from '../generated/itemized/v1/query';
import { formatCount, nameOf } from '../data/format';
import { usdLacking } from '../data/known';
import { useAnswer } from '../data/live';
import { DASH, formatUsd, parseUsd } from '../data/money';
import { windowParameters, type Route } from '../data/route';
import { StackedBar } from '../parts/bars';
import { Nothing } from '../parts/empty';
import { Histogram } from '../parts/histogram';
import { Link } from '../parts/link';
import { Missing } from '../parts/missing';
import { Table, type Column } from '../parts/table';

export const OUTCOMES = [
  { id: 'completed', title: 'completed' },
  { id: 'short_circuited', title: 'short-circuited' },
  { id: 'failed', title: 'failed' },
  { id: 'abandoned', title: 'abandoned' },
  { id: 'open', title: 'open' },
] as const;

/** Workflows whose distribution is drawn in the table. */
const DISTRIBUTIONS_MAX = 12;

export const outcomesOf = (row: WorkflowRow) =>
  OUTCOMES.map(({ id, title }) => ({ id, title, count: row[id] }));

type Amount = 'spend_usd' | 'cost_per_completed_usd' | 'mean_completed_usd' | 'p50_completed_usd' | 'p95_completed_usd';

/** Whether it is sure that any call of its runs has arrived: a run may be no more than its
 * completion, but an open one has calls. */
const hasCalls = (row: WorkflowRow): boolean => row.open > 0 || (row.mean_steps_per_completed ?? 0) > 0;

/** Undefined where no run has completed, or nothing is known of what the runs cost. */
export function amountOf(row: WorkflowRow, id: Amount): string | undefined {
  return hasCalls(row) || parseUsd(row[id]) > 0n ? usdLacking(row[id], row.unpriced_calls) : undefined;
}

/** Calls of a completed run, if any has arrived. */
export const stepsOf = (row: WorkflowRow): number | undefined => row.mean_steps_per_completed || undefined;

/** It is told by the completions of runs. */
export const unsurfacedOf = (row: WorkflowRow): string | undefined =>
  row.runs === row.open || amountOf(row, 'spend_usd') === undefined ? undefined : usdLacking(row.unsurfaced_usd, row.unpriced_calls);

function SmallDistribution(props: { route: Route; row: WorkflowRow }) {
  const { row } = props;
  const question = windowParameters(props.route);
  question.set('workflow', row.workflow ?? '');
  const { data } = useAnswer<'distribution'>(`distribution?${question}`);
  return data === undefined || data.count === 0 || amountOf(row, 'mean_completed_usd') === undefined ? <span class="dim">{DASH}</span>
    : <Histogram of="completed runs" distribution={data} isSmall />;
}

function columnsFor(route: Route, drawn: Set<string>): Column<WorkflowRow>[] {
  const money = (id: Amount, title: string, hint?: string): Column<WorkflowRow> => ({
    id, title, hint, cell: (row) => formatUsd(amountOf(row, id)), value: (row) => amountOf(row, id) ?? '',
    key: (row) => parseUsd(amountOf(row, id) ?? '-1'),
  });
  const count = (id: (typeof OUTCOMES)[number]['id']): Column<WorkflowRow> => ({ id, title: id, value: (row) => row[id] });
  return [
    { id: 'workflow', title: 'Workflow', isText: true, value: (row) => row.workflow ?? '', key: (row) => row.workflow ?? '',
      cell: (row) => <Link class="name" to={{ ...route, view: 'workflow', name: row.workflow ?? '', sort: '' }}>{nameOf(row.workflow)}</Link> },
    { ...money('cost_per_completed_usd', 'Per completed', 'Fully loaded: all spend of the workflow, divided by its completed runs.'),
      cell: (row) => <b>{formatUsd(amountOf(row, 'cost_per_completed_usd'))}</b> },
    money('mean_completed_usd', 'Mean', 'Of what completed runs themselves cost.'),
    money('p50_completed_usd', 'p50'),
    money('p95_completed_usd', 'p95'),
    { id: 'distribution', title: 'Distribution', isMinor: true, hint: 'Of the cost of a completed run, on a logarithmic scale.',
      cell: (row) => drawn.has(row.workflow ?? '') ? <SmallDistribution route={route} row={row} /> : '' },
    { id: 'mean_steps_per_completed', title: 'Steps a run', isMinor: true, cell: (row) => stepsOf(row)?.toFixed(1) ?? DASH,
      value: (row) => stepsOf(row) ?? '', key: (row) => stepsOf(row) ?? -1 },
    { id: 'runs', title: 'Runs', cell: (row) => formatCount(row.runs), value: (row) => row.runs, key: (row) => row.runs },
    { id: 'outcomes', title: 'Outcomes', cell: (row) => <StackedBar parts={outcomesOf(row)} />,
      key: (row) => row.completed / Math.max(1, row.runs) },
    ...OUTCOMES.map(({ id }) => count(id)),
    { ...money('spend_usd', 'Spend'),
      cell: (row) => (
        <><span title={amountOf(row, 'spend_usd') && `$${row.spend_usd ?? ''}`}>{formatUsd(amountOf(row, 'spend_usd'))}</span>
          {row.unpriced_calls > 0 && <small class="line">{formatCount(row.unpriced_calls)} unpriced</small>}</>
      ) },
    { id: 'unpriced_calls', title: 'unpriced', value: (row) => row.unpriced_calls },
    { id: 'unsurfaced_usd', title: 'Unsurfaced', hint: 'Spent on output that no user ever saw, as the completions of runs tell.',
      cell: (row) => formatUsd(unsurfacedOf(row)), value: (row) => unsurfacedOf(row) ?? '', key: (row) => parseUsd(unsurfacedOf(row) ?? '-1') },
  ];
}

export function WorkflowsView(props: { route: Route }) {
  const { route } = props;
  const answer = useAnswer<'workflows'>(`workflows?${windowParameters(route)}`);
  if (answer.error !== undefined) {
    return <p class="error" role="alert">{answer.error}</p>;
  }
  if (answer.data === undefined) {
    return <p class="dim">Asking…</p>;
  }
  if (answer.data.rows.length === 0) {
    return <Nothing what="runs" route={route} />;
  }
  const { workflow } = route.filter;
  const rows = answer.data.rows.filter((row) => workflow === undefined || (row.workflow ?? '') === workflow);
  const drawn = new Set(rows.slice(0, DISTRIBUTIONS_MAX).map((row) => row.workflow ?? ''));
  const unpriced = rows.reduce((sum, row) => sum + row.unpriced_calls, 0);
  const noneEnded = rows.every((row) => row.runs === row.open);
  return (
    <>
      <ul class="legend">{OUTCOMES.map(({ id, title }) => <li key={id}><span class={`swatch ${id}`} />{title}</li>)}</ul>
      {unpriced > 0 && <p class="warn">The amounts lack <Missing route={route} unpriced={unpriced} />.</p>}
      {noneEnded && <p class="dim">No run has ended: what a completed one costs is known once its completion is sent, an event with an <code>outcome</code>.</p>}
      <Table caption="Cost per completed workflow" file="workflows" columns={columnsFor(route, drawn)} rows={rows}
        keyOf={(row) => row.workflow ?? ''} route={route} isPending={answer.isPending} />
    </>
  );
}
