// SPDX-License-Identifier: Apache-2.0
// Spend by step, the landing view: which step to fix.

import type { GetSeriesResponse, GetTopResponse, TopRow, TopTotal } from '../generated/itemized/v1/query';
import { formatChange, formatCalls, formatCount, formatDuration, formatShare, nameOf } from '../data/format';
import { durationOf, pricedOf, shareOf, usdOfPriced } from '../data/known';
import { useAnswer } from '../data/live';
import { changeOf, DASH, formatPicos, formatUsd, parseUsd, usdForChart } from '../data/money';
import { addFilter, go, windowParameters, type Route } from '../data/route';
import { sumOf, USAGE_CLASSES } from '../data/usage';
import { SharePair, Sparkline, TokenBar, TOKEN_CLASSES, type TokenClasses } from '../parts/bars';
import { Nothing } from '../parts/empty';
import { Link } from '../parts/link';
import { Missing, Unjudged } from '../parts/missing';
import { Pareto } from '../parts/pareto';
import { Table, type Column } from '../parts/table';
import { learningCalls, OutlierCell } from '../parts/verdicts';

const GROUPS = ['step', 'model', 'workflow', 'provider'];

/** The tokens of an average call that reported its usage; undefined if none did. */
export function tokensOf(row: TopRow): TokenClasses | undefined {
  const calls = row.calls - row.usage_missing_calls;
  return calls <= 0 ? undefined : {
    input: sumOf(row, 'input') / calls,
    cacheRead: sumOf(row, 'cacheRead') / calls,
    cacheWrite: sumOf(row, 'cacheWrite') / calls,
    output: sumOf(row, 'output') / calls,
  };
}

const totalOf = (tokens: TokenClasses | undefined): number =>
  tokens === undefined ? -1 : tokens.input + tokens.cacheRead + tokens.cacheWrite + tokens.output;

/** How often and how dear, both against the average of all rows. */
export function tagOf(row: TopRow, rows: number): string {
  const often = row.call_share >= 1 / Math.max(1, rows) ? 'frequent' : 'rare';
  if (pricedOf(row) === 0) {
    return often;
  }
  const dear = row.spend_share > row.call_share ? 'dear' : 'cheap';
  return `${often} and ${dear}`;
}

const ofPriced = (row: TopRow, usd: string | undefined): string => formatUsd(usdOfPriced(usd, row));

/** `share`, if anything was spent of which it is one, and anything is known of the row. */
const shareOfSpend = (around: Around, row: TopRow, share: number): number | undefined =>
  pricedOf(row) > 0 && parseUsd(around.top.total?.cost_usd) > 0n ? share : undefined;

interface Around {
  route: Route;
  top: GetTopResponse;
  before?: Map<string, TopRow>;
  series?: GetSeriesResponse;
}

function changeFrom(around: Around, row: TopRow): number | undefined {
  const before = around.before?.get(row.key);
  return before && changeOf(parseUsd(row.cost_usd), parseUsd(before.cost_usd));
}

/** Whether both sides of the comparison have calls with a price, or the earlier one none at all. */
const isComparable = (around: Around, row: TopRow): boolean => {
  const before = around.before?.get(row.key);
  return around.before !== undefined && pricedOf(row) > 0 && (before === undefined || pricedOf(before) > 0);
};

/** The place that a name leads to: a step or a workflow to its page, others to the calls that have it. */
function target(route: Route, key: string): Route {
  if (route.by === 'step') {
    return { ...route, view: 'step', name: key, sort: '' };
  }
  const filter = { ...route.filter };
  if (route.by === 'workflow' || route.by === 'model' || route.by === 'provider') {
    filter[route.by] = key;
  } else {
    filter.attributes = [...filter.attributes, `${route.by.replace('attribute:', '')}=${key}`];
  }
  return { ...route, by: 'step', filter, sort: '' };
}

function nameColumn(around: Around): Column<TopRow> {
  return {
    id: around.route.by,
    title: around.route.by.replace('attribute:', '').replace(/^./, (first) => first.toUpperCase()),
    isText: true,
    cell: (row) => (
      <>
        <Link class="name" to={target(around.route, row.key)}>{nameOf(row.key)}</Link>
        <span class="tag">{tagOf(row, around.top.rows.length)}</span>
      </>
    ),
    value: (row) => row.key,
    key: (row) => row.key,
  };
}

function spendColumns(around: Around): Column<TopRow>[] {
  const { rows } = around.top;
  const scale = Math.max(...rows.map((row) => Math.max(row.spend_share, row.call_share)));
  return [
    { id: 'cost_usd', title: 'Spend',
      cell: (row) => (
        <><b title={pricedOf(row) > 0 ? `$${row.cost_usd ?? ''}` : undefined}>{ofPriced(row, row.cost_usd)}</b>
          {row.unpriced_calls > 0 && <small class="line">{formatCount(row.unpriced_calls)} unpriced</small>}</>
      ),
      value: (row) => usdOfPriced(row.cost_usd, row) ?? '', key: (row) => parseUsd(usdOfPriced(row.cost_usd, row) ?? '-1') },
    { id: 'spend_share', title: 'of spend / of calls', hint: 'Where spend is the longer bar, the step is dear for its volume.',
      cell: (row) => <SharePair spend={shareOfSpend(around, row, row.spend_share)} calls={row.call_share} scale={scale} />,
      value: (row) => shareOfSpend(around, row, row.spend_share) ?? '', key: (row) => shareOfSpend(around, row, row.spend_share) ?? -1 },
    { id: 'cumulative_spend_share', title: 'Cumul.', hint: 'Of all spend: this row and those that cost more.', isMinor: true,
      cell: (row) => formatShare(shareOfSpend(around, row, row.cumulative_spend_share)),
      value: (row) => shareOfSpend(around, row, row.cumulative_spend_share) ?? '',
      key: (row) => row.cumulative_spend_share },
    { id: 'calls', title: 'Calls', isMinor: true, cell: (row) => formatCount(row.calls), value: (row) => row.calls,
      key: (row) => row.calls },
  ];
}

function trendColumns(around: Around): Column<TopRow>[] {
  const groups = new Map(around.series?.groups.map((group) => [group.key, group]));
  return [
    { id: 'trend', title: 'Trend', isMinor: true, cell: (row) => {
      const group = groups.get(row.key);
      if (pricedOf(row) === 0) {
        return DASH;
      }
      return group ? <Sparkline values={group.point_cost_usd.map(usdForChart)} describe={(usd) => `$${usd.toPrecision(3)}`} /> : '';
    } },
    { id: 'change', title: 'Change', hint: 'Of spend, against the window before.',
      cell: (row) => {
        if (!isComparable(around, row)) {
          return around.before === undefined ? '' : DASH;
        }
        const change = changeFrom(around, row);
        const tone = change === undefined || Math.abs(change) < 0.005 ? '' : change > 0 ? 'worse' : 'better';
        return <span class={tone || 'dim'}>{formatChange(change)}</span>;
      },
      value: (row) => (isComparable(around, row) ? changeFrom(around, row) : undefined) ?? '', key: (row) => changeFrom(around, row) ?? -Infinity },
  ];
}

function callColumns(around: Around): Column<TopRow>[] {
  const scale = Math.max(...around.top.rows.map((row) => totalOf(tokensOf(row))));
  return [
    { id: 'mean_cost_usd', title: 'Cost a call', hint: 'Mean; below it the median and the 95th percentile.',
      cell: (row) => (
        <>{ofPriced(row, row.mean_cost_usd)}
          <small class="line">p50 {ofPriced(row, row.p50_cost_usd)} · p95 {ofPriced(row, row.p95_cost_usd)}</small></>
      ),
      value: (row) => usdOfPriced(row.mean_cost_usd, row) ?? '', key: (row) => parseUsd(usdOfPriced(row.mean_cost_usd, row) ?? '-1') },
    { id: 'p50_cost_usd', title: 'p50', value: (row) => usdOfPriced(row.p50_cost_usd, row) ?? '' },
    { id: 'p95_cost_usd', title: 'p95', value: (row) => usdOfPriced(row.p95_cost_usd, row) ?? '' },
    { id: 'tokens', title: 'Tokens a call', hint: 'Input, cache read, cache write, output.',
      cell: (row) => <TokenBar tokens={tokensOf(row)} scale={scale} />, key: (row) => totalOf(tokensOf(row)) },
    ...FILE_COLUMNS,
    { id: 'p50_duration_ms', title: 'Time', hint: 'Median; below it the 95th percentile.',
      cell: (row) => <>{formatDuration(durationOf(row.p50_duration_ms))}<small class="line">p95 {formatDuration(durationOf(row.p95_duration_ms))}</small></>,
      value: (row) => durationOf(row.p50_duration_ms) ?? '', key: (row) => row.p50_duration_ms },
    { id: 'p95_duration_ms', title: 'p95', value: (row) => durationOf(row.p95_duration_ms) ?? '' },
    { id: 'outliers', title: 'Outliers', hint: 'Calls over five times the rolling p50 of their step when they were judged. Below 30 priced calls a step is learning, and its verdicts are not counted.',
      cell: (row) => <OutlierCell row={row} />, value: (row) => (pricedOf(row) > 0 ? row.outliers : ''),
      key: (row) => (pricedOf(row) > 0 ? row.outliers : -1) },
    { id: 'learning_calls', title: 'learning', value: (row) => row.learning_calls },
    { id: 'unsurfaced_usd', title: 'Unsurfaced', hint: 'Spent on output that no user ever saw.',
      cell: (row) => (pricedOf(row) === 0 ? DASH : parseUsd(row.unsurfaced_usd) === 0n ? '' : formatUsd(row.unsurfaced_usd)),
      value: (row) => usdOfPriced(row.unsurfaced_usd, row) ?? '', key: (row) => parseUsd(row.unsurfaced_usd) },
  ];
}

/** Columns of the file alone. */
const FILE_FIELDS = [...USAGE_CLASSES.map(({ count }) => count), 'unpriced_calls', 'threshold_usd', 'threshold_sample_count'] as const;
const FILE_COLUMNS: Column<TopRow>[] =
  FILE_FIELDS.map((id) => ({ id, title: id, value: (row) => row[id] ?? '' }));

/** What no user saw. That nobody has said so of anything does not make it $0. */
function UnsurfacedTotal(props: { total: TopTotal }) {
  const { total } = props;
  const share = shareOf(usdForChart(total.unsurfaced_usd), usdForChart(total.cost_usd));
  return parseUsd(total.unsurfaced_usd) === 0n
    ? <><dd>{DASH}</dd><dd class="dim">{total.unpriced_calls > 0 ? 'none known of the priced calls' : 'none reported: completions name unused steps'}</dd></>
    : <><dd>{formatUsd(total.unsurfaced_usd)}</dd><dd class="dim">{formatShare(share)} of spend, seen by no user</dd></>;
}

function OutlierTotal(props: { total: TopTotal; route: Route }) {
  const { total } = props;
  const judged = pricedOf(total);
  const share = shareOf(total.outliers, judged);
  return (
    <>
      <dd>{judged === 0 ? DASH : formatCount(total.outliers)}</dd>
      {share !== undefined && <dd class="dim">{formatShare(share)} of {total.unpriced_calls > 0 ? 'priced calls' : 'calls'}</dd>}
      {total.learning_calls > 0 && <dd class="dim">{learningCalls(total)}</dd>}
      <dd class="warn"><Unjudged route={props.route} count={total.unpriced_calls} /></dd>
    </>
  );
}

function Totals(props: { top: GetTopResponse; before?: GetTopResponse; route: Route }) {
  const { total } = props.top;
  if (total === undefined) {
    return null;
  }
  const priced = pricedOf(total);
  const { total: earlier } = props.before ?? {};
  const change = earlier && pricedOf(earlier) > 0 && priced > 0
    ? changeOf(parseUsd(total.cost_usd), parseUsd(earlier.cost_usd)) : undefined;
  const mean = priced > 0 ? formatPicos(parseUsd(total.cost_usd) / BigInt(priced)) : DASH;
  return (
    <dl class="totals">
      <div><dt>Spend</dt>
        <dd class="spend-total" title={priced > 0 ? `$${total.cost_usd ?? ''}` : undefined}>{formatUsd(usdOfPriced(total.cost_usd, total))}</dd>
        {change !== undefined && <dd class="dim">{formatChange(change)} against the window before</dd>}
        <dd class="warn"><Missing route={props.route} unpriced={total.unpriced_calls} withoutUsage={total.usage_missing_calls} /></dd></div>
      <div><dt>Calls</dt><dd>{formatCount(total.calls)}</dd>
        <dd class="dim">{mean} each{total.unpriced_calls > 0 && priced > 0 ? `, of ${formatCalls(priced)} with a price` : ''}</dd></div>
      <div><dt>Outliers</dt><OutlierTotal total={total} route={props.route} /></div>
      <div><dt>Unsurfaced</dt><UnsurfacedTotal total={total} /></div>
    </dl>
  );
}

function GroupPicker(props: { route: Route }) {
  const { route } = props;
  const isAttribute = route.by.startsWith('attribute:');
  const choose = (by: string) => {
    const key = by === 'attribute' ? prompt('Group by which attribute?', 'tenant') : '';
    if (key !== null && (by !== 'attribute' || key !== '')) {
      go({ ...route, by: by === 'attribute' ? `attribute:${key}` : by, sort: '' });
    }
  };
  return (
    <div>Spend by{' '}
      <select aria-label="Group by" value={route.by} onChange={(e) => choose(e.currentTarget.value)}>
        {GROUPS.map((by) => <option key={by} value={by}>{by}</option>)}
        {isAttribute && <option value={route.by}>{route.by}</option>}
        <option value="attribute">attribute…</option>
      </select>
    </div>
  );
}

/** The window of the same length before the one of `top`. */
function windowBefore(top: GetTopResponse | undefined, route: Route): string {
  if (top?.window?.start === undefined || top.window.end === undefined) {
    return '';
  }
  // The minute is all that counts, so that the question stays the same for a while.
  const start = Math.floor(Date.parse(top.window.start) / 60_000) * 60_000;
  const length = Math.round((Date.parse(top.window.end) - Date.parse(top.window.start)) / 60_000) * 60_000;
  const query = new URLSearchParams({
    by: route.by, from: new Date(start - length).toISOString(), to: new Date(start).toISOString(),
  });
  return `top?${addFilter(query, route.filter)}`;
}

/** What the view asks at once. */
export function questionsOf(route: Route): { top: string; series: string } {
  const question = addFilter(windowParameters(route), route.filter);
  question.set('by', route.by);
  return { top: `top?${question}`, series: `series?${question}&every=${route.window === '24h' ? '1h' : '1d'}` };
}

export function StepsView(props: { route: Route }) {
  const { route } = props;
  const questions = questionsOf(route);
  const top = useAnswer<'top'>(questions.top);
  const series = useAnswer<'series'>(questions.series);
  const before = useAnswer<'top'>(top.isPending ? '' : windowBefore(top.data, route));
  if (top.error !== undefined) {
    return <p class="error" role="alert">{top.error}</p>;
  }
  if (top.data === undefined) {
    return <p class="dim">Asking…</p>;
  }
  if (top.data.rows.length === 0) {
    return <Nothing what="calls" route={route} />;
  }
  const around: Around = {
    route, top: top.data, series: series.data,
    before: before.data && new Map(before.data.rows.map((row) => [row.key, row])),
  };
  const columns = [nameColumn(around), ...spendColumns(around), ...trendColumns(around), ...callColumns(around)];
  return (
    <>
      <Totals top={top.data} before={before.data} route={route} />
      <div class="beside"><GroupPicker route={route} />
        <ul class="legend">{TOKEN_CLASSES.map(({ id, colour, title }) => <li key={id}><span class={`swatch ${colour}`} />{title}</li>)}</ul>
      </div>
      <Pareto rows={top.data.rows} />
      <Table caption={`Spend by ${route.by}`} file={`spend-by-${route.by}`} columns={columns} rows={top.data.rows}
        keyOf={(row) => row.key} route={route} isPending={top.isPending} />
    </>
  );
}
