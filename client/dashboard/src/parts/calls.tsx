// SPDX-License-Identifier: Apache-2.0
// What tables of single calls have in common.

import type { BilledCall, OutlierReceipt } from '../generated/itemized/v1/query';
import { formatCount, formatDuration, formatTime, nameOf } from '../data/format';
import { durationOf, learningCount } from '../data/known';
import { DASH, formatUsd, parseUsd } from '../data/money';
import type { Route } from '../data/route';
import { tokensIn, tokensOut } from '../data/usage';
import { Link } from './link';
import type { Column } from './table';

/** Tokens that went in; undefined if the call reported no usage. */
export const inputOf = (call: BilledCall): number | undefined => call.usage && tokensIn(call.usage);

/** Tokens that came out; undefined if the call reported no usage. */
export const outputOf = (call: BilledCall): number | undefined => call.usage && tokensOut(call.usage);

/** "×18.3 of p50 $0.0425 over 1,203 calls": why it was flagged. */
export function receiptText(receipt: OutlierReceipt): string {
  const multiple = `×${receipt.multiple.toFixed(1)}`;
  const against = receipt.learning
    ? `${learningCount(receipt.sample_count)}: ${multiple} of the default ${formatUsd(receipt.threshold_usd)}`
    : `${multiple} of p50 ${formatUsd(receipt.p50_usd)} over ${formatCount(receipt.sample_count)} calls`;
  return receipt.judged_when_priced ? `${against}, judged when first priced` : against;
}

function Receipt(props: { call: BilledCall }) {
  const { receipt, unpriced } = props.call;
  if (unpriced) {
    return <span class="dim">not judged, without a price</span>;
  }
  return receipt === undefined ? null
    : <span class={receipt.learning ? 'dim' : 'warn'}>{receiptText(receipt)}</span>;
}

/** Why a call has no cost, and where that is mended. */
export function Unpriced(props: { route: Route; call: BilledCall }) {
  return (
    <Link class="warn" to={{ ...props.route, view: 'prices', name: '', sort: '' }}>
      unpriced<small class="line">{props.call.unpriced_reason ?? (props.call.usage === undefined ? 'no usage' : 'no rate')}</small>
    </Link>
  );
}

const tokens = (id: string, title: string, of: (call: BilledCall) => number | undefined): Column<BilledCall> => ({
  id, title, value: (call) => of(call) ?? '', key: (call) => of(call) ?? -1,
  cell: (call) => { const count = of(call); return count === undefined ? DASH : formatCount(count); },
});

export const CALL_COLUMNS = {
  time: (route: Route): Column<BilledCall> => ({
    id: 'time', title: 'Ended', isText: true, cell: (call) => formatTime(call.time, route.tz), value: (call) => call.time ?? '',
    key: (call) => Date.parse(call.time ?? ''),
  }),
  step: (route: Route): Column<BilledCall> => ({
    id: 'step', title: 'Step', isText: true, value: (call) => call.step ?? '', key: (call) => call.step ?? '',
    cell: (call) => <Link class="name" to={{ ...route, view: 'step', name: call.step ?? '', sort: '' }}>{nameOf(call.step)}</Link>,
  }),
  run: (route: Route): Column<BilledCall> => ({
    id: 'workflow_id', title: 'Run', isText: true, value: (call) => call.workflow_id ?? '',
    cell: (call) => <Link class="name" to={{ ...route, view: 'run', name: call.workflow_id ?? '', sort: '' }}>{nameOf(call.workflow_id)}</Link>,
  }),
  cost: (route: Route): Column<BilledCall> => ({
    id: 'cost_usd', title: 'Cost', value: (call) => call.cost_usd ?? '', key: (call) => (call.unpriced ? -1n : parseUsd(call.cost_usd)),
    cell: (call) => call.unpriced ? <Unpriced route={route} call={call} /> : <b title={`$${call.cost_usd ?? ''}`}>{formatUsd(call.cost_usd)}</b>,
  }),
  excess: {
    id: 'excess_usd', title: 'Excess', hint: 'Cost less threshold.', cell: (call) => formatUsd(call.receipt?.excess_usd),
    value: (call) => call.receipt?.excess_usd ?? '', key: (call) => parseUsd(call.receipt?.excess_usd),
  } as Column<BilledCall>,
  receipt: {
    id: 'multiple', title: 'Receipt', isText: true, cell: (call) => <Receipt call={call} />,
    value: (call) => call.receipt?.multiple ?? '', key: (call) => call.receipt?.multiple ?? 0,
  } as Column<BilledCall>,
  model: { id: 'model', title: 'Model', isText: true, isMinor: true, cell: (call) => nameOf(call.model), value: (call) => call.model ?? '',
    key: (call) => call.model ?? '' } as Column<BilledCall>,
  input: tokens('input_tokens', 'Tokens in', inputOf),
  output: tokens('output_tokens', 'out', outputOf),
  duration: { id: 'duration_ms', title: 'Time', isMinor: true, cell: (call) => formatDuration(durationOf(call.duration_ms)),
    value: (call) => durationOf(call.duration_ms) ?? '', key: (call) => call.duration_ms } as Column<BilledCall>,
};
