// SPDX-License-Identifier: Apache-2.0
// Calls that cost over five times the rolling p50 of their step, newest first.

import { useState } from 'preact/hooks';
import { formatCount } from '../data/format';
import { useAnswer } from '../data/live';
import { addFilter, windowParameters, type Route } from '../data/route';
import { CALL_COLUMNS } from '../parts/calls';
import { Table } from '../parts/table';

const LIMITS = [50, 500, 5_000];

export function OutliersView(props: { route: Route }) {
  const { route } = props;
  const [limit, setLimit] = useState(LIMITS[0] ?? 50);
  const { data, error, isPending } =
    useAnswer<'outliers'>(`outliers?${addFilter(windowParameters(route), route.filter)}&limit=${limit}`);
  if (error !== undefined) {
    return <p class="error" role="alert">{error}</p>;
  }
  if (data === undefined) {
    return <p class="dim">Asking…</p>;
  }
  if (data.calls.length === 0) {
    return <p class="empty">No outliers in this window: no call cost more than five times its step’s rolling median.</p>;
  }
  const more = LIMITS.find((next) => next > limit);
  return (
    <>
      <Table caption={`Outliers, newest ${formatCount(data.calls.length)} of ${formatCount(data.total)}`} file="outliers"
        columns={[CALL_COLUMNS.time(route), CALL_COLUMNS.step(route), CALL_COLUMNS.cost, CALL_COLUMNS.receipt, CALL_COLUMNS.model,
          CALL_COLUMNS.input, CALL_COLUMNS.output, CALL_COLUMNS.duration, CALL_COLUMNS.run(route)]}
        rows={data.calls} keyOf={(call) => `${call.workflow_id} ${call.event_id} ${call.time}`} route={route} isPending={isPending} />
      {more !== undefined && BigInt(data.total) > BigInt(data.calls.length) && (
        <button type="button" class="more" onClick={() => setLimit(more)}>Fetch up to {formatCount(more)}</button>
      )}
    </>
  );
}
