// SPDX-License-Identifier: Apache-2.0
// What tables of single calls have in common.

import type { BilledCall } from '../generated/itemized/v1/query';
import { formatCount, formatDuration, formatTime, nameOf } from '../data/format';
import { formatUsd, parseUsd } from '../data/money';
import type { Route } from '../data/route';
import { Link } from './link';
import type { Column } from './table';

export function inputOf(call: BilledCall): bigint {
  const usage = call.usage;
  return usage === undefined ? 0n
    : BigInt(usage.input_tokens) + BigInt(usage.cache_read_tokens) + BigInt(usage.cache_write_5m_tokens) +
      BigInt(usage.cache_write_1h_tokens) + BigInt(usage.input_audio_tokens) +
      BigInt(usage.cache_read_audio_tokens) + BigInt(usage.input_image_tokens);
}

export function outputOf(call: BilledCall): bigint {
  const usage = call.usage;
  return usage === undefined ? 0n
    : BigInt(usage.output_tokens) + BigInt(usage.output_audio_tokens) + BigInt(usage.output_image_tokens);
}

/** "×18.3 of p50 $0.0425 over 1,203 calls": why it was flagged. */
export function receiptOf(call: BilledCall): string {
  const receipt = call.receipt;
  if (receipt === undefined) {
    return '';
  }
  const multiple = `×${receipt.multiple.toFixed(1)}`;
  return receipt.learning
    ? `${multiple} of the default ${formatUsd(receipt.threshold_usd)}, while learning`
    : `${multiple} of p50 ${formatUsd(receipt.p50_usd)} over ${formatCount(receipt.sample_count)} calls`;
}

const tokens = (call: BilledCall, count: bigint) => (call.usage === undefined ? '—' : formatCount(count.toString()));

export const CALL_COLUMNS = {
  time: (route: Route): Column<BilledCall> => ({
    id: 'time', title: 'Ended', isText: true, cell: (call) => formatTime(call.time, route.tz), value: (call) => call.time,
    key: (call) => Date.parse(call.time),
  }),
  step: (route: Route): Column<BilledCall> => ({
    id: 'step', title: 'Step', isText: true, value: (call) => call.step, key: (call) => call.step,
    cell: (call) => <Link class="name" to={{ ...route, view: 'step', name: call.step, sort: '' }}>{nameOf(call.step)}</Link>,
  }),
  run: (route: Route): Column<BilledCall> => ({
    id: 'workflow_id', title: 'Run', isText: true, value: (call) => call.workflow_id,
    cell: (call) => <Link class="name" to={{ ...route, view: 'run', name: call.workflow_id, sort: '' }}>{call.workflow_id}</Link>,
  }),
  cost: {
    id: 'cost_usd', title: 'Cost', value: (call) => call.cost_usd, key: (call) => parseUsd(call.cost_usd),
    cell: (call) => call.unpriced ? <span class="warn">unpriced</span> : <b title={`$${call.cost_usd}`}>{formatUsd(call.cost_usd)}</b>,
  } as Column<BilledCall>,
  receipt: {
    id: 'multiple', title: 'Receipt', isText: true, cell: (call) => <span class="warn">{receiptOf(call)}</span>,
    value: (call) => call.receipt?.multiple ?? '', key: (call) => call.receipt?.multiple ?? 0,
  } as Column<BilledCall>,
  model: { id: 'model', title: 'Model', isText: true, isMinor: true, cell: (call) => call.model, value: (call) => call.model,
    key: (call) => call.model } as Column<BilledCall>,
  input: { id: 'input_tokens', title: 'Tokens in', cell: (call) => tokens(call, inputOf(call)),
    value: (call) => inputOf(call).toString(), key: inputOf } as Column<BilledCall>,
  output: { id: 'output_tokens', title: 'out', cell: (call) => tokens(call, outputOf(call)),
    value: (call) => outputOf(call).toString(), key: outputOf } as Column<BilledCall>,
  duration: { id: 'duration_ms', title: 'Time', isMinor: true, cell: (call) => formatDuration(call.duration_ms),
    value: (call) => call.duration_ms, key: (call) => call.duration_ms } as Column<BilledCall>,
};
