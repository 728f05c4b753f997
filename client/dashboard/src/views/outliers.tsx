// SPDX-License-Identifier: Apache-2.0
// Calls that cost over five times the rolling p50 of their step: the newest, or the dearest.

import { useState } from 'preact/hooks';
import type { GetOutliersResponse } from '../generated/itemized/v1/query';
import { formatCalls, formatCount } from '../data/format';
import { useAnswer, usePulse } from '../data/live';
import { formatUsd } from '../data/money';
import { addFilter, go, windowParameters, type Route } from '../data/route';
import { CALL_COLUMNS } from '../parts/calls';
import { Nothing } from '../parts/empty';
import { Unjudged } from '../parts/missing';
import { Table } from '../parts/table';

const LIMITS = [50, 500, 5_000];
const ORDERS = [
  { id: 'newest', title: 'Newest' },
  { id: 'cost', title: 'Dearest' },
] as const;

function OrderPicker(props: { route: Route }) {
  const { route } = props;
  return (
    <div class="windows" role="group" aria-label="Which first">
      {ORDERS.map(({ id, title }) => (
        <button key={id} type="button" aria-pressed={route.order === id} onClick={() => go({ ...route, order: id, sort: '' })}>
          {title}
        </button>
      ))}
    </div>
  );
}

function Facts(props: { data: GetOutliersResponse; route: Route }) {
  const { data, route } = props;
  return (
    <dl class="totals">
      <div><dt>Outliers</dt><dd>{formatCount(data.total)}</dd>
        <dd class="warn"><Unjudged route={route} count={data.unjudged_calls} /></dd></div>
      <div><dt>Excess</dt><dd title={data.excess_usd && `$${data.excess_usd}`}>{formatUsd(data.excess_usd)}</dd>
        <dd class="dim">{data.excess_usd === undefined ? 'added up with the dearest first' : 'over their thresholds, of all of them'}</dd></div>
      {data.learning_calls > 0 && (
        <div><dt>While learning</dt><dd>{formatCount(data.learning_calls)}</dd><dd class="dim">over the default threshold, not counted</dd></div>
      )}
    </dl>
  );
}

/** Says that there are none, which is little where calls were not judged. */
function None(props: { data: GetOutliersResponse; route: Route }) {
  const { unjudged_calls: unjudged, learning_calls: learning } = props.data;
  const { info } = usePulse();
  if (info?.calls === 0) {
    return <Nothing what="calls" route={props.route} />;
  }
  return (
    <section class="empty">
      {unjudged === 0 ? <p>No outliers in this window: no call cost more than five times its step’s rolling median when it was judged.</p> : (
        <p>No outliers among the calls of this window that have a price. <Unjudged route={props.route} count={unjudged} />; once a rate prices them, they are.</p>
      )}
      {learning > 0 && (
        <p class="dim">{formatCalls(learning)} cost more than the default threshold while their step was learning: it has fewer than 30 priced calls, so that they are not counted.</p>
      )}
    </section>
  );
}

export function OutliersView(props: { route: Route }) {
  const { route } = props;
  const [limit, setLimit] = useState(LIMITS[0] ?? 50);
  const order = ORDERS.find(({ id }) => id === route.order) ?? ORDERS[0];
  const question = addFilter(windowParameters(route), route.filter);
  if (order.id !== 'newest') {
    question.set('sort', order.id);
  }
  question.set('limit', String(limit));
  const { data, error, isPending } = useAnswer<'outliers'>(`outliers?${question}`);
  if (error !== undefined) {
    return <p class="error" role="alert">{error}</p>;
  }
  if (data === undefined) {
    return <p class="dim">Asking…</p>;
  }
  if (data.calls.length === 0) {
    return <None data={data} route={route} />;
  }
  const more = LIMITS.find((next) => next > limit);
  // What is shown while the other order is asked for keeps its name.
  const shown = data.excess_usd === undefined ? 'newest' : 'dearest';
  return (
    <>
      <div class="beside"><Facts data={data} route={route} /><OrderPicker route={route} /></div>
      <Table caption={`Outliers, ${shown} ${formatCount(data.calls.length)} of ${formatCount(data.total)}`} file="outliers"
        columns={[CALL_COLUMNS.time(route), CALL_COLUMNS.step(route), CALL_COLUMNS.cost(route), CALL_COLUMNS.excess, CALL_COLUMNS.receipt,
          CALL_COLUMNS.model, CALL_COLUMNS.input, CALL_COLUMNS.output, CALL_COLUMNS.duration, CALL_COLUMNS.run(route)]}
        rows={data.calls} keyOf={(call) => `${call.workflow_id} ${call.event_id} ${call.time}`} route={route} isPending={isPending}
        total={data.total} />
      {more !== undefined && data.total > data.calls.length && (
        <button type="button" class="more" onClick={() => setLimit(more)}>Fetch up to {formatCount(more)}</button>
      )}
    </>
  );
}
