// SPDX-License-Identifier: Apache-2.0
// What a completed run of each workflow costs, failed and abandoned runs included.

import type { WorkflowRow } from '../generated/itemized/v1/query';
import { formatCount, nameOf } from '../data/format';
import { useAnswer, usePulse } from '../data/live';
import { formatUsd, parseUsd } from '../data/money';
import { windowParameters, type Route } from '../data/route';
import { StackedBar } from '../parts/bars';
import { FirstCall, NothingHere } from '../parts/empty';
import { Histogram } from '../parts/histogram';
import { Link } from '../parts/link';
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
  OUTCOMES.map(({ id, title }) => ({ id, title, count: Number(row[id]) }));

/** Amounts that only completed runs have. */
const ofCompleted = (usd: string | undefined): string => (usd === undefined ? '—' : formatUsd(usd));

function SmallDistribution(props: { route: Route; workflow: string }) {
  const question = windowParameters(props.route);
  question.set('workflow', props.workflow);
  const { data } = useAnswer<'distribution'>(`distribution?${question}`);
  return data === undefined || data.count === '0' ? <span class="dim">—</span>
    : <Histogram of="completed runs" distribution={data} isSmall />;
}

type Optional = 'cost_per_completed_usd' | 'mean_completed_usd' | 'p50_completed_usd' | 'p95_completed_usd';

function columnsFor(route: Route, drawn: Set<string>): Column<WorkflowRow>[] {
  const money = (id: Optional, title: string, hint?: string): Column<WorkflowRow> => ({
    id, title, hint, cell: (row) => ofCompleted(row[id]), value: (row) => row[id] ?? '', key: (row) => parseUsd(row[id] ?? '-1'),
  });
  const count = (id: (typeof OUTCOMES)[number]['id']): Column<WorkflowRow> => ({ id, title: id, value: (row) => row[id] });
  return [
    { id: 'workflow', title: 'Workflow', isText: true, value: (row) => row.workflow, key: (row) => row.workflow,
      cell: (row) => <Link class="name" to={{ ...route, view: 'workflow', name: row.workflow, sort: '' }}>{nameOf(row.workflow)}</Link> },
    { ...money('cost_per_completed_usd', 'Per completed', 'Fully loaded: all spend of the workflow, divided by its completed runs.'),
      cell: (row) => <b>{ofCompleted(row.cost_per_completed_usd)}</b> },
    money('mean_completed_usd', 'Mean', 'Of what completed runs themselves cost.'),
    money('p50_completed_usd', 'p50'),
    money('p95_completed_usd', 'p95'),
    { id: 'distribution', title: 'Distribution', isMinor: true, hint: 'Of the cost of a completed run, on a logarithmic scale.',
      cell: (row) => drawn.has(row.workflow) ? <SmallDistribution route={route} workflow={row.workflow} /> : '' },
    { id: 'mean_steps_per_completed', title: 'Steps a run', isMinor: true, cell: (row) => row.mean_steps_per_completed?.toFixed(1) ?? '—',
      value: (row) => row.mean_steps_per_completed ?? '', key: (row) => row.mean_steps_per_completed ?? -1 },
    { id: 'runs', title: 'Runs', cell: (row) => formatCount(row.runs), value: (row) => row.runs, key: (row) => BigInt(row.runs) },
    { id: 'outcomes', title: 'Outcomes', cell: (row) => <StackedBar parts={outcomesOf(row)} />,
      key: (row) => Number(row.completed) / Math.max(1, Number(row.runs)) },
    ...OUTCOMES.map(({ id }) => count(id)),
    { id: 'spend_usd', title: 'Spend', cell: (row) => <span title={`$${row.spend_usd}`}>{formatUsd(row.spend_usd)}</span>,
      value: (row) => row.spend_usd, key: (row) => parseUsd(row.spend_usd) },
    { id: 'unsurfaced_usd', title: 'Unsurfaced', hint: 'Spent on output that no user ever saw.',
      cell: (row) => formatUsd(row.unsurfaced_usd), value: (row) => row.unsurfaced_usd, key: (row) => parseUsd(row.unsurfaced_usd) },
  ];
}

export function WorkflowsView(props: { route: Route }) {
  const { route } = props;
  const pulse = usePulse();
  const answer = useAnswer<'workflows'>(`workflows?${windowParameters(route)}`);
  if (answer.error !== undefined) {
    return <p class="error" role="alert">{answer.error}</p>;
  }
  if (answer.data === undefined) {
    return <p class="dim">Asking…</p>;
  }
  if (answer.data.rows.length === 0) {
    return pulse.info?.calls === '0' ? <FirstCall /> : <NothingHere what="runs" />;
  }
  const { workflow } = route.filter;
  const rows = answer.data.rows.filter((row) => workflow === undefined || row.workflow === workflow);
  const drawn = new Set(rows.slice(0, DISTRIBUTIONS_MAX).map((row) => row.workflow));
  return (
    <>
      <ul class="legend">{OUTCOMES.map(({ id, title }) => <li key={id}><span class={`swatch ${id}`} />{title}</li>)}</ul>
      <Table caption="Cost per completed workflow" file="workflows" columns={columnsFor(route, drawn)} rows={rows}
        keyOf={(row) => row.workflow} route={route} isPending={answer.isPending} />
    </>
  );
}
