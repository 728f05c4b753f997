// SPDX-License-Identifier: Apache-2.0
// One workflow: what its completed runs cost, and which of its steps make it up.

import { formatCount, formatShare, nameOf } from '../data/format';
import { shareOf } from '../data/known';
import { useAnswer } from '../data/live';
import { DASH, formatUsd, usdForChart } from '../data/money';
import { addFilter, windowParameters, type Route } from '../data/route';
import { StackedBar } from '../parts/bars';
import { NothingHere } from '../parts/empty';
import { Histogram } from '../parts/histogram';
import { Link } from '../parts/link';
import { Missing } from '../parts/missing';
import { Table, type Column } from '../parts/table';
import { OutlierCell } from '../parts/verdicts';
import type { TopRow, WorkflowRow } from '../generated/itemized/v1/query';
import { splitColumns } from './step';
import { amountOf, outcomesOf, stepsOf, unsurfacedOf } from './workflows';

function Facts(props: { row: WorkflowRow; route: Route }) {
  const { row } = props;
  const unsurfaced = unsurfacedOf(row);
  const share = unsurfaced === undefined ? undefined : shareOf(usdForChart(unsurfaced), usdForChart(row.spend_usd));
  return (
    <dl class="totals">
      <div><dt>Per completed run</dt><dd class="spend-total">{formatUsd(amountOf(row, 'cost_per_completed_usd'))}</dd>
        <dd class="dim">{row.completed === 0 ? 'no run has completed' : 'fully loaded'}</dd></div>
      <div><dt>A completed run</dt><dd>{formatUsd(amountOf(row, 'mean_completed_usd'))}</dd>
        <dd class="dim">p50 {formatUsd(amountOf(row, 'p50_completed_usd'))}, p95 {formatUsd(amountOf(row, 'p95_completed_usd'))}</dd></div>
      <div><dt>Spend</dt><dd>{formatUsd(amountOf(row, 'spend_usd'))}</dd><dd class="dim">of {formatCount(row.runs)} {row.runs === 1 ? 'run' : 'runs'}</dd>
        <dd class="warn"><Missing route={props.route} unpriced={row.unpriced_calls} /></dd></div>
      <div><dt>Steps a run</dt><dd>{stepsOf(row)?.toFixed(1) ?? DASH}</dd></div>
      <div><dt>Unsurfaced</dt><dd>{formatUsd(unsurfaced)}</dd>
        <dd class="dim">{row.runs === row.open ? 'told when a run ends' : `${formatShare(share)} of its spend`}</dd></div>
      <div class="wide"><dt>Outcomes</dt><dd><StackedBar parts={outcomesOf(row)} /></dd>
        <dd class="dim">{outcomesOf(row).filter((part) => part.count > 0).map((part) => `${formatCount(part.count)} ${part.title}`).join(', ')}</dd></div>
    </dl>
  );
}

function stepColumns(route: Route, spend: string | undefined): Column<TopRow>[] {
  const columns = splitColumns(route, 'model', spend).slice(1);
  return [
    { id: 'step', title: 'Step', isText: true, value: (row) => row.key, key: (row) => row.key,
      cell: (row) => <Link class="name" to={{ ...route, view: 'step', name: row.key, sort: '' }}>{nameOf(row.key)}</Link> },
    ...columns,
    { id: 'outliers', title: 'Outliers', cell: (row) => <OutlierCell row={row} />, value: (row) => row.outliers, key: (row) => row.outliers },
  ];
}

export function WorkflowView(props: { route: Route }) {
  const { route } = props;
  const workflows = useAnswer<'workflows'>(`workflows?${windowParameters(route)}`);
  const question = windowParameters(route);
  question.set('workflow', route.name);
  const distribution = useAnswer<'distribution'>(`distribution?${question}`);
  const steps = useAnswer<'top'>(`top?${addFilter(windowParameters(route), { ...route.filter, workflow: route.name })}`);
  const row = workflows.data?.rows.find(({ workflow = '' }) => workflow === route.name);
  return (
    <>
      <h1>{nameOf(route.name)}</h1>
      {workflows.error !== undefined && <p class="error" role="alert">{workflows.error}</p>}
      {workflows.data !== undefined && (row === undefined ? <NothingHere what="runs of this workflow" /> : <Facts row={row} route={route} />)}
      {distribution.data !== undefined && row !== undefined && (
        <figure><figcaption><h2>Cost of a completed run</h2></figcaption>
          {row.completed > 0 && amountOf(row, 'mean_completed_usd') === undefined ? <p class="dim">None of their calls has arrived with a price.</p>
            : <Histogram of="completed runs" distribution={distribution.data} isLacking={row.unpriced_calls > 0} />}</figure>
      )}
      {steps.data !== undefined && steps.data.rows.length > 0 && (
        <Table caption="Its steps" file="steps-of-workflow" columns={stepColumns(route, steps.data.total?.cost_usd)} rows={steps.data.rows}
          keyOf={({ key }) => key} isPending={steps.isPending} />
      )}
    </>
  );
}
