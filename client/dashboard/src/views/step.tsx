// SPDX-License-Identifier: Apache-2.0
// One step: when it costs, by which model, how much a call, and where it is dear.

import type { GetSeriesResponse, SeriesPoint, TopRow } from '../generated/itemized/v1/query';
import { formatBucket, formatCount, formatDuration, formatShare, formatShort, nameOf } from '../data/format';
import { durationOf, learningText, pricedOf, usdOfPriced } from '../data/known';
import { useAnswer } from '../data/live';
import { DASH, formatPicos, formatUsd, parseUsd, picosForChart, usdForChart, usdLabel } from '../data/money';
import { addFilter, windowParameters, type Route } from '../data/route';
import { USAGE_CLASSES, type UsageKind } from '../data/usage';
import { CALL_COLUMNS } from '../parts/calls';
import { Chart, COLOURS, type Layer } from '../parts/chart';
import { Nothing } from '../parts/empty';
import { Histogram } from '../parts/histogram';
import { Link } from '../parts/link';
import { Missing, Unjudged } from '../parts/missing';
import { Table, type Column } from '../parts/table';
import { learningCalls, thresholdText } from '../parts/verdicts';

/** What calls of one point cost together; `picos` of those that have a price. */
function pointText(point: SeriesPoint | undefined, calls: number, picos: bigint): string {
  const isLacking = picos === 0n && (point?.unpriced_calls ?? 0) > 0;
  return calls === 0 || isLacking ? DASH : formatPicos(picos);
}

/** The dearest as they are, the others as one layer. */
function modelLayers(series: GetSeriesResponse): Layer[] {
  const layers = series.groups.slice(0, COLOURS - 1).map((group): Layer => ({
    name: nameOf(group.key), values: group.point_cost_usd.map(usdForChart),
    texts: group.point_cost_usd.map((usd, at) => pointText(series.points[at], group.point_calls[at] ?? 0, parseUsd(usd))),
  }));
  const rest = series.groups.slice(COLOURS - 1);
  if (rest.length > 0) {
    const sums = series.points.map((_, at) => rest.reduce((sum, group) => sum + parseUsd(group.point_cost_usd[at]), 0n));
    const calls = series.points.map((_, at) => rest.reduce((sum, group) => sum + (group.point_calls[at] ?? 0), 0));
    layers.push({
      name: `${rest.length} others`, values: sums.map(picosForChart),
      texts: sums.map((picos, at) => pointText(series.points[at], calls[at] ?? 0, picos)),
    });
  }
  return layers;
}

/** The colour of the first class of a kind is that of the kind; the others take what is left. */
const KIND_COLOURS: Partial<Record<UsageKind, string>> =
  { input: 'input', cacheRead: 'cache-read', cacheWrite: 'cache-write', output: 'output' };
const OTHER_COLOURS = ['layer-6', 'layer-3', 'layer-5', 'layer-7'];

function tokenLayers(series: GetSeriesResponse): Layer[] {
  const kinds = new Set<UsageKind>();
  let others = 0;
  return USAGE_CLASSES.flatMap(({ count, kind, label }): Layer[] => {
    const ofKind = KIND_COLOURS[kind];
    if (ofKind === undefined) {
      return []; // No tokens, or tokens that another class counts too.
    }
    const colour = kinds.has(kind) ? OTHER_COLOURS[others++ % OTHER_COLOURS.length] : ofKind;
    kinds.add(kind);
    return [{
      name: label.toLowerCase(),
      colour,
      values: series.points.map((point) => point[count]),
      texts: series.points.map((point) => formatCount(point[count])),
    }];
  }).filter((layer) => layer.values.some((value) => value > 0));
}

function Facts(props: { row: TopRow; spend: string | undefined; route: Route }) {
  const { row, route } = props;
  const ofPriced = (usd: string | undefined): string => formatUsd(usdOfPriced(usd, row));
  const share = pricedOf(row) > 0 && parseUsd(props.spend) > 0n ? row.spend_share : undefined;
  return (
    <dl class="totals">
      <div><dt>Spend</dt><dd class="spend-total">{ofPriced(row.cost_usd)}</dd><dd class="dim">{formatShare(share)} of all</dd>
        <dd class="warn"><Missing route={route} unpriced={row.unpriced_calls} withoutUsage={row.usage_missing_calls} /></dd></div>
      <div><dt>Calls</dt><dd>{formatCount(row.calls)}</dd><dd class="dim">{formatShare(row.call_share)} of all</dd></div>
      <div><dt>A call</dt><dd>{ofPriced(row.mean_cost_usd)}</dd><dd class="dim">p50 {ofPriced(row.p50_cost_usd)}, p95 {ofPriced(row.p95_cost_usd)}</dd></div>
      <div><dt>Time</dt><dd>{formatDuration(durationOf(row.p50_duration_ms))}</dd><dd class="dim">p95 {formatDuration(durationOf(row.p95_duration_ms))}</dd></div>
      <div><dt>Outliers</dt><dd>{pricedOf(row) > 0 ? formatCount(row.outliers) : DASH}</dd>
        <dd class="dim">{thresholdText(row)}{learningText(row) === '' ? ' now' : `, until then over ${formatUsd(row.threshold_usd)}`}</dd>
        {row.learning_calls > 0 && <dd class="dim">{learningCalls(row)}, not counted</dd>}
        <dd class="warn"><Unjudged route={route} count={row.unpriced_calls} /></dd></div>
      <div><dt>Unsurfaced</dt><dd>{parseUsd(row.unsurfaced_usd) === 0n ? DASH : formatUsd(row.unsurfaced_usd)}</dd>
        <dd class="dim">{parseUsd(row.unsurfaced_usd) > 0n ? 'seen by no user' : row.unpriced_calls > 0 ? 'none known of the priced calls' : 'none reported'}</dd></div>
    </dl>
  );
}

export function splitColumns(route: Route, by: 'model' | 'workflow', spend: string | undefined): Column<TopRow>[] {
  const share = (row: TopRow) => (pricedOf(row) > 0 && parseUsd(spend) > 0n ? row.spend_share : undefined);
  const unsurfaced = (row: TopRow) => (parseUsd(row.unsurfaced_usd) === 0n ? undefined : row.unsurfaced_usd);
  const money = (id: 'cost_usd' | 'mean_cost_usd' | 'p95_cost_usd', title: string): Column<TopRow> => ({
    id, title, cell: (row) => formatUsd(usdOfPriced(row[id], row)), value: (row) => usdOfPriced(row[id], row) ?? '',
    key: (row) => parseUsd(usdOfPriced(row[id], row) ?? '-1'),
  });
  return [
    { id: by, title: by, isText: true, value: (row) => row.key, key: (row) => row.key,
      cell: (row) => by === 'workflow'
        ? <Link class="name" to={{ ...route, view: 'workflow', name: row.key, sort: '' }}>{nameOf(row.key)}</Link>
        : <span class="name">{nameOf(row.key)}</span> },
    { ...money('cost_usd', 'Spend'),
      cell: (row) => (
        <><b>{formatUsd(usdOfPriced(row.cost_usd, row))}</b>
          {row.unpriced_calls > 0 && <small class="line">{formatCount(row.unpriced_calls)} unpriced</small>}</>
      ) },
    { id: 'spend_share', title: 'of spend', cell: (row) => formatShare(share(row)), value: (row) => share(row) ?? '', key: (row) => share(row) ?? -1 },
    { id: 'calls', title: 'Calls', cell: (row) => formatCount(row.calls), value: (row) => row.calls, key: (row) => row.calls },
    money('mean_cost_usd', 'Mean'),
    money('p95_cost_usd', 'p95'),
    { id: 'unsurfaced_usd', title: 'Unsurfaced', cell: (row) => formatUsd(unsurfaced(row)), value: (row) => unsurfaced(row) ?? '',
      key: (row) => parseUsd(unsurfaced(row) ?? '-1') },
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
  const labels = series.data?.points.map((point) => formatBucket(point.start ?? '', hourly)) ?? [];
  return (
    <>
      <h1>{nameOf(route.name)}</h1>
      {all.error !== undefined && <p class="error" role="alert">{all.error}</p>}
      {all.data !== undefined && (row === undefined ? <Nothing what="calls of this step" route={route} />
        : <Facts row={row} spend={all.data.total?.cost_usd} route={route} />)}
      {series.data === undefined && row !== undefined && <p class="waiting">Adding up what each model cost, from the log…</p>}
      {series.data !== undefined && row !== undefined && (
        <div class="charts">
          <Chart title="Spend by model" labels={labels} layers={pricedOf(row) > 0 ? modelLayers(series.data) : []} unit={usdLabel} isPending={series.isPending}
            nothing="No call of this window has a price." />
          <Chart title="Tokens by class" labels={labels} layers={tokenLayers(series.data)} unit={formatShort} isPending={series.isPending}
            nothing="No call of this window has any tokens." />
        </div>
      )}
      {distribution.data !== undefined && row !== undefined && (
        <figure><figcaption><h2>Cost of a call</h2></figcaption><Histogram of="calls" distribution={distribution.data} /></figure>
      )}
      {workflows.data !== undefined && row !== undefined && (
        <Table caption="Workflows it serves" file="workflows-of-step" columns={splitColumns(route, 'workflow', workflows.data.total?.cost_usd)}
          rows={workflows.data.rows} keyOf={({ key }) => key} isPending={workflows.isPending} />
      )}
      {outliers.data !== undefined && outliers.data.calls.length > 0 && (
        <>
          <Table caption={`Outliers, newest ${outliers.data.calls.length} of ${formatCount(outliers.data.total)}`} file="outliers-of-step"
            columns={[CALL_COLUMNS.time(route), CALL_COLUMNS.cost(route), CALL_COLUMNS.receipt, CALL_COLUMNS.model, CALL_COLUMNS.input,
              CALL_COLUMNS.output, CALL_COLUMNS.duration, CALL_COLUMNS.run(route)]}
            rows={outliers.data.calls} keyOf={(call) => `${call.workflow_id} ${call.event_id} ${call.time}`} />
          <p><Link to={{ ...route, view: 'outliers', name: '', filter, sort: '' }}>All outliers of this step</Link></p>
        </>
      )}
    </>
  );
}
