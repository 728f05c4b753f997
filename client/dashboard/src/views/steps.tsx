// SPDX-License-Identifier: Apache-2.0
// Spend by step, the landing view: which step to fix.

import type { GetSeriesResponse, GetTopResponse, TopRow } from '../generated/itemized/v1/query';
import { formatChange, formatCount, formatDuration, formatShare, nameOf } from '../data/format';
import { useAnswer, usePulse } from '../data/live';
import { changeOf, formatPicos, formatUsd, parseUsd, usdForChart } from '../data/money';
import { addFilter, go, isFiltered, windowParameters, type Route } from '../data/route';
import { SharePair, Sparkline, TokenBar, TOKEN_CLASSES, type TokenClasses } from '../parts/bars';
import { FirstCall, NothingHere } from '../parts/empty';
import { Link } from '../parts/link';
import { Pareto } from '../parts/pareto';
import { Table, type Column } from '../parts/table';

const GROUPS = ['step', 'model', 'workflow', 'provider'];

export function tokensOf(row: TopRow): TokenClasses {
  const calls = Math.max(1, Number(row.calls));
  return {
    input: (Number(row.input_tokens) + Number(row.input_audio_tokens) + Number(row.input_image_tokens)) / calls,
    cacheRead: (Number(row.cache_read_tokens) + Number(row.cache_read_audio_tokens)) / calls,
    cacheWrite: (Number(row.cache_write_5m_tokens) + Number(row.cache_write_1h_tokens)) / calls,
    output: (Number(row.output_tokens) + Number(row.output_audio_tokens) + Number(row.output_image_tokens)) / calls,
  };
}

const totalOf = (tokens: TokenClasses): number =>
  tokens.input + tokens.cacheRead + tokens.cacheWrite + tokens.output;

/** How often and how dear, both against the average of all rows. */
export function tagOf(row: TopRow, rows: number): string {
  const often = row.call_share >= 1 / Math.max(1, rows) ? 'frequent' : 'rare';
  const dear = row.spend_share > row.call_share ? 'dear' : 'cheap';
  return `${often} and ${dear}`;
}

const isPriced = (row: TopRow): boolean => BigInt(row.calls) > BigInt(row.unpriced_calls);
const ofPriced = (row: TopRow, usd: string): string => (isPriced(row) ? formatUsd(usd) : '—');

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

/** Where a name leads: a step or a workflow to its page, others to the calls that have it. */
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
    { id: 'cost_usd', title: 'Spend', cell: (row) => <b title={`$${row.cost_usd}`}>{ofPriced(row, row.cost_usd)}</b>,
      value: (row) => row.cost_usd, key: (row) => parseUsd(row.cost_usd) },
    { id: 'spend_share', title: 'of spend / of calls', hint: 'Where spend is the longer bar, the step is dear for its volume.',
      cell: (row) => <SharePair spend={row.spend_share} calls={row.call_share} scale={scale} />,
      value: (row) => row.spend_share, key: (row) => row.spend_share },
    { id: 'cumulative_spend_share', title: 'Cumul.', hint: 'Of all spend: this row and those that cost more.', isMinor: true,
      cell: (row) => formatShare(row.cumulative_spend_share), value: (row) => row.cumulative_spend_share,
      key: (row) => row.cumulative_spend_share },
    { id: 'calls', title: 'Calls', isMinor: true, cell: (row) => formatCount(row.calls), value: (row) => row.calls,
      key: (row) => BigInt(row.calls) },
  ];
}

function trendColumns(around: Around): Column<TopRow>[] {
  const groups = new Map(around.series?.groups.map((group) => [group.key, group]));
  return [
    { id: 'trend', title: 'Trend', isMinor: true, cell: (row) => {
      const group = groups.get(row.key);
      return group ? <Sparkline values={group.point_cost_usd.map(usdForChart)} describe={(usd) => `$${usd.toPrecision(3)}`} /> : '';
    } },
    { id: 'change', title: 'Change', hint: 'Of spend, against the window before.',
      cell: (row) => {
        const change = changeFrom(around, row);
        const tone = change === undefined || Math.abs(change) < 0.005 ? '' : change > 0 ? 'worse' : 'better';
        return around.before === undefined ? '' : <span class={tone || 'dim'}>{formatChange(change)}</span>;
      },
      value: (row) => changeFrom(around, row) ?? '', key: (row) => changeFrom(around, row) ?? -Infinity },
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
      value: (row) => row.mean_cost_usd, key: (row) => parseUsd(row.mean_cost_usd) },
    { id: 'p50_cost_usd', title: 'p50', value: (row) => row.p50_cost_usd },
    { id: 'p95_cost_usd', title: 'p95', value: (row) => row.p95_cost_usd },
    { id: 'tokens', title: 'Tokens a call', hint: 'Input, cache read, cache write, output.',
      cell: (row) => <TokenBar tokens={tokensOf(row)} scale={scale} />, key: (row) => totalOf(tokensOf(row)) },
    ...TOKEN_COLUMNS,
    { id: 'p50_duration_ms', title: 'Time', hint: 'Median; below it the 95th percentile.',
      cell: (row) => <>{formatDuration(row.p50_duration_ms)}<small class="line">p95 {formatDuration(row.p95_duration_ms)}</small></>,
      value: (row) => row.p50_duration_ms, key: (row) => row.p50_duration_ms },
    { id: 'p95_duration_ms', title: 'p95', value: (row) => row.p95_duration_ms },
    { id: 'outliers', title: 'Outliers', hint: 'Calls over five times the rolling p50 of their step when they arrived.',
      cell: (row) => row.outliers === '0' ? '' : (
        <span class="warn" title={row.threshold_usd === '' ? undefined : `over ${formatUsd(row.threshold_usd)}${row.threshold_learning ? ', the default while learning' : ' now'}`}>
          <span aria-hidden="true">▲ </span>{formatCount(row.outliers)}
          {row.threshold_usd !== '' && <small class="line">over {formatUsd(row.threshold_usd)}</small>}
        </span>
      ),
      value: (row) => row.outliers, key: (row) => BigInt(row.outliers) },
    { id: 'unsurfaced_usd', title: 'Unsurfaced', hint: 'Spent on output that no user ever saw.',
      cell: (row) => (parseUsd(row.unsurfaced_usd) === 0n ? '' : formatUsd(row.unsurfaced_usd)),
      value: (row) => row.unsurfaced_usd, key: (row) => parseUsd(row.unsurfaced_usd) },
  ];
}

const TOKEN_FIELDS = ['input_tokens', 'cache_read_tokens', 'cache_write_5m_tokens',
  'cache_write_1h_tokens', 'output_tokens', 'reasoning_tokens', 'unpriced_calls',
  'threshold_usd'] as const;
const TOKEN_COLUMNS: Column<TopRow>[] =
  TOKEN_FIELDS.map((id) => ({ id, title: id, value: (row) => row[id] }));

function Totals(props: { top: GetTopResponse; before?: GetTopResponse }) {
  const { total } = props.top;
  if (total === undefined) {
    return null;
  }
  const change = props.before && changeOf(parseUsd(total.cost_usd), parseUsd(props.before.total?.cost_usd ?? '0'));
  const calls = BigInt(total.calls);
  const mean = calls > BigInt(total.unpriced_calls) ? parseUsd(total.cost_usd) / (calls - BigInt(total.unpriced_calls)) : 0n;
  return (
    <dl class="totals">
      <div><dt>Spend</dt><dd class="spend-total" title={`$${total.cost_usd}`}>{formatUsd(total.cost_usd)}</dd>
        {change !== undefined && <dd class="dim">{formatChange(change)} against the window before</dd>}</div>
      <div><dt>Calls</dt><dd>{formatCount(total.calls)}</dd><dd class="dim">{formatPicos(mean)} each</dd></div>
      <div><dt>Outliers</dt><dd>{formatCount(total.outliers)}</dd>
        <dd class="dim">{formatShare(calls === 0n ? 0 : Number(total.outliers) / Number(calls))} of calls</dd></div>
      <div><dt>Unsurfaced</dt><dd>{formatUsd(total.unsurfaced_usd)}</dd>
        <dd class="dim">{formatShare(usdForChart(total.unsurfaced_usd) / (usdForChart(total.cost_usd) || 1))} of spend, seen by no user</dd></div>
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
  if (top?.window === undefined) {
    return '';
  }
  // To the minute, so that the question stays the same for a while.
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
  const pulse = usePulse();
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
    return pulse.info?.calls === '0' && !isFiltered(route.filter) ? <FirstCall /> : <NothingHere what="calls" />;
  }
  const around: Around = {
    route, top: top.data, series: series.data,
    before: before.data && new Map(before.data.rows.map((row) => [row.key, row])),
  };
  const columns = [nameColumn(around), ...spendColumns(around), ...trendColumns(around), ...callColumns(around)];
  return (
    <>
      <Totals top={top.data} before={before.data} />
      <div class="beside"><GroupPicker route={route} />
        <ul class="legend">{TOKEN_CLASSES.map(({ id, colour, title }) => <li key={id}><span class={`swatch ${colour}`} />{title}</li>)}</ul>
      </div>
      <Pareto rows={top.data.rows} />
      <Table caption={`Spend by ${route.by}`} file={`spend-by-${route.by}`} columns={columns} rows={top.data.rows}
        keyOf={(row) => row.key} route={route} isPending={top.isPending} />
    </>
  );
}
