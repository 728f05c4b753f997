// SPDX-License-Identifier: Apache-2.0
// One step: when it costs, by which model, how much a call, and where it is dear.

import type { GetSeriesResponse, TopRow } from '../generated/itemized/v1/query';
import { formatBucket, formatCount, formatDuration, formatShare, formatShort, nameOf } from '../data/format';
import { useAnswer } from '../data/live';
import { formatPicos, formatUsd, parseUsd, picosForChart, usdForChart } from '../data/money';
import { addFilter, windowParameters, type Route } from '../data/route';
import { CALL_COLUMNS } from '../parts/calls';
import { Chart, COLOURS, type Layer } from '../parts/chart';
import { NothingHere } from '../parts/empty';
import { Histogram } from '../parts/histogram';
import { Link } from '../parts/link';
import { Table, type Column } from '../parts/table';

const usdLabel = (usd: number): string => `$${Number(usd.toPrecision(3))}`;

/** The dearest as they are, the others as one layer. */
function modelLayers(series: GetSeriesResponse): Layer[] {
  const layers = series.groups.slice(0, COLOURS - 1).map((group): Layer => ({
    name: nameOf(group.key), values: group.point_cost_usd.map(usdForChart), texts: group.point_cost_usd.map(formatUsd),
  }));
  const rest = series.groups.slice(COLOURS - 1);
  if (rest.length > 0) {
    const sums = series.points.map((_, at) =>
      rest.reduce((sum, group) => sum + parseUsd(group.point_cost_usd[at] ?? '0'), 0n));
    layers.push({ name: `${rest.length} others`, values: sums.map(picosForChart), texts: sums.map(formatPicos) });
  }
  return layers;
}

const CLASSES = [
  { field: 'input_tokens', name: 'input', colour: 'input' },
  { field: 'cache_read_tokens', name: 'cache read', colour: 'cache-read' },
  { field: 'cache_write_5m_tokens', name: 'cache write, 5 min', colour: 'cache-write' },
  { field: 'cache_write_1h_tokens', name: 'cache write, 1 h', colour: 'layer-6' },
  { field: 'output_tokens', name: 'output', colour: 'output' },
] as const;

function tokenLayers(series: GetSeriesResponse): Layer[] {
  return CLASSES.map(({ field, name, colour }): Layer => ({
    name,
    colour,
    values: series.points.map((point) => Number(point[field])),
    texts: series.points.map((point) => formatCount(point[field])),
  })).filter((layer) => layer.values.some((value) => value > 0));
}

function Facts(props: { row: TopRow }) {
  const { row } = props;
  return (
    <dl class="totals">
      <div><dt>Spend</dt><dd class="spend-total">{formatUsd(row.cost_usd)}</dd><dd class="dim">{formatShare(row.spend_share)} of all</dd></div>
      <div><dt>Calls</dt><dd>{formatCount(row.calls)}</dd><dd class="dim">{formatShare(row.call_share)} of all</dd></div>
      <div><dt>A call</dt><dd>{formatUsd(row.mean_cost_usd)}</dd><dd class="dim">p50 {formatUsd(row.p50_cost_usd)}, p95 {formatUsd(row.p95_cost_usd)}</dd></div>
      <div><dt>Time</dt><dd>{formatDuration(row.p50_duration_ms)}</dd><dd class="dim">p95 {formatDuration(row.p95_duration_ms)}</dd></div>
      <div><dt>Outliers</dt><dd>{formatCount(row.outliers)}</dd>
        <dd class="dim">over {formatUsd(row.threshold_usd)}{row.threshold_learning ? ', the default while learning' : ' now'}</dd></div>
      <div><dt>Unsurfaced</dt><dd>{formatUsd(row.unsurfaced_usd)}</dd><dd class="dim">seen by no user</dd></div>
    </dl>
  );
}

export function splitColumns(route: Route, by: 'model' | 'workflow'): Column<TopRow>[] {
  return [
    { id: by, title: by, isText: true, value: (row) => row.key, key: (row) => row.key,
      cell: (row) => by === 'workflow'
        ? <Link class="name" to={{ ...route, view: 'workflow', name: row.key, sort: '' }}>{nameOf(row.key)}</Link>
        : <span class="name">{nameOf(row.key)}</span> },
    { id: 'cost_usd', title: 'Spend', cell: (row) => <b>{formatUsd(row.cost_usd)}</b>, value: (row) => row.cost_usd, key: (row) => parseUsd(row.cost_usd) },
    { id: 'spend_share', title: 'of spend', cell: (row) => formatShare(row.spend_share), value: (row) => row.spend_share, key: (row) => row.spend_share },
    { id: 'calls', title: 'Calls', cell: (row) => formatCount(row.calls), value: (row) => row.calls, key: (row) => BigInt(row.calls) },
    { id: 'mean_cost_usd', title: 'Mean', cell: (row) => formatUsd(row.mean_cost_usd), value: (row) => row.mean_cost_usd, key: (row) => parseUsd(row.mean_cost_usd) },
    { id: 'p95_cost_usd', title: 'p95', cell: (row) => formatUsd(row.p95_cost_usd), value: (row) => row.p95_cost_usd, key: (row) => parseUsd(row.p95_cost_usd) },
    { id: 'unsurfaced_usd', title: 'Unsurfaced', cell: (row) => formatUsd(row.unsurfaced_usd), value: (row) => row.unsurfaced_usd, key: (row) => parseUsd(row.unsurfaced_usd) },
  ];
}

const OUTLIERS_SHOWN = 20;

export function StepView(props: { route: Route }) {
  const { route } = props;
  const filter = { ...route.filter, step: route.name };
  const question = addFilter(windowParameters(route), filter);
  const hourly = route.window === '24h';
  const all = useAnswer<'top'>(`top?${addFilter(windowParameters(route), { ...route.filter, step: undefined })}`);
  const series = useAnswer<'series'>(`series?${question}&by=model&every=${hourly ? '1h' : '1d'}`);
  const own = windowParameters(route);
  own.set('step', route.name);
  const distribution = useAnswer<'distribution'>(`distribution?${own}`);
  const workflows = useAnswer<'top'>(`top?${question}&by=workflow`);
  const outliers = useAnswer<'outliers'>(`outliers?${question}&limit=${OUTLIERS_SHOWN}`);
  const row = all.data?.rows.find(({ key }) => key === route.name);
  const labels = series.data?.points.map((point) => formatBucket(point.start, hourly)) ?? [];
  return (
    <>
      <h1>{nameOf(route.name)}</h1>
      {all.error !== undefined && <p class="error" role="alert">{all.error}</p>}
      {all.data !== undefined && (row === undefined ? <NothingHere what="calls of this step" /> : <Facts row={row} />)}
      {series.data === undefined && row !== undefined && <p class="waiting">Adding up what each model cost, from the log…</p>}
      {series.data !== undefined && row !== undefined && (
        <div class="charts">
          <Chart title="Spend by model" labels={labels} layers={modelLayers(series.data)} unit={usdLabel} isPending={series.isPending} />
          <Chart title="Tokens by class" labels={labels} layers={tokenLayers(series.data)} unit={formatShort} isPending={series.isPending} />
        </div>
      )}
      {distribution.data !== undefined && row !== undefined && (
        <figure><figcaption><h2>Cost of a call</h2></figcaption><Histogram of="calls" distribution={distribution.data} /></figure>
      )}
      {workflows.data !== undefined && row !== undefined && (
        <Table caption="Workflows it serves" file="workflows-of-step" columns={splitColumns(route, 'workflow')}
          rows={workflows.data.rows} keyOf={({ key }) => key} isPending={workflows.isPending} />
      )}
      {outliers.data !== undefined && outliers.data.calls.length > 0 && (
        <>
          <Table caption={`Outliers, newest ${outliers.data.calls.length} of ${formatCount(outliers.data.total)}`} file="outliers-of-step"
            columns={[CALL_COLUMNS.time(route), CALL_COLUMNS.cost, CALL_COLUMNS.receipt, CALL_COLUMNS.model, CALL_COLUMNS.input,
              CALL_COLUMNS.output, CALL_COLUMNS.duration, CALL_COLUMNS.run(route)]}
            rows={outliers.data.calls} keyOf={(call) => `${call.workflow_id} ${call.event_id} ${call.time}`} />
          <p><Link to={{ ...route, view: 'outliers', name: '', filter, sort: '' }}>All outliers of this step</Link></p>
        </>
      )}
    </>
  );
}
