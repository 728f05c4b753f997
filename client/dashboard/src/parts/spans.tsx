// SPDX-License-Identifier: Apache-2.0
// The spans of OpenTelemetry that a run came as, and what each has to do with its bill.

import { useState } from 'preact/hooks';
import { MergeRule, SpanPart, type GetSpansResponse, type RunSpan } from '../generated/itemized/v1/query';
import { formatCount, formatDuration } from '../data/format';
import { useAnswer } from '../data/live';
import { formatUsd } from '../data/money';
import { tokensIn, tokensOut } from '../data/usage';

const ROWS_FIRST = 200;
const INDENT_MAX = 16; // What is deeper is not moved further to the right.

const RULES: Record<MergeRule, string> = {
  [MergeRule.NESTED]: 'one is around the other',
  [MergeRule.SAME_ANSWER]: 'the same answer of the provider',
  [MergeRule.SAME_TIME]: 'the same time, model and tokens',
  [MergeRule.UNSPECIFIED]: 'the same call',
};

/** What a span has to do with the bill, in words. */
export function partText(span: RunSpan): string {
  const from = span.other_trace_id === undefined ? '' : `, from trace ${span.other_trace_id}`;
  switch (span.part) {
    case SpanPart.COUNTED: return `call ${span.event_id}${from}`;
    case SpanPart.AGGREGATE: return `call ${span.event_id}, a sum: no span of its calls has come`;
    case SpanPart.MERGED: return `merged into ${span.event_id}: ${RULES[span.rule]}${from}`;
    case SpanPart.SUM: return 'the sum of calls below';
    case SpanPart.ELSEWHERE: return `merged into a call of trace ${span.other_trace_id}`;
    default: return '';
  }
}

export const useSpans = (run: string): GetSpansResponse | undefined =>
  useAnswer<'spans'>(`spans?${new URLSearchParams({ workflow_id: run })}`).data;

function SpanRow(props: { span: RunSpan }) {
  const { span } = props;
  const { usage } = span;
  return (
    <tr>
      <td class={`text ${span.status === 'error' ? 'warn' : ''}`} style={{ paddingLeft: `${Math.min(span.depth, INDENT_MAX) + 0.5}em` }}>{span.name}</td>
      <td class="text minor dim">{span.scope}</td>
      <td>{formatDuration(span.duration_ms)}</td>
      <td class="minor">{span.time_to_first_token_ms === undefined ? '' : formatDuration(span.time_to_first_token_ms)}</td>
      <td class="minor">{usage === undefined ? '' : formatCount(tokensIn(usage))}</td>
      <td class="minor">{usage === undefined ? '' : formatCount(tokensOut(usage))}</td>
      <td>{span.cost_usd === undefined ? '' : formatUsd(span.cost_usd)}</td>
      <td class={`text ${span.part === SpanPart.COUNTED ? '' : 'dim'}`}>{partText(span)}</td>
    </tr>
  );
}

export function Spans(props: { spans: RunSpan[]; leftOff: number }) {
  const [isWhole, showAll] = useState(false);
  const shown = isWhole ? props.spans : props.spans.slice(0, ROWS_FIRST);
  return (
    <section class="spans">
      <h2>Spans <span class="dim">that the run came as</span></h2>
      <div class="scroll">
        <table>
          <thead>
            <tr><th class="text">Span</th><th class="text minor">Scope</th><th>Duration</th><th class="minor">First token</th><th class="minor">In</th><th class="minor">Out</th><th>Cost</th><th class="text">Bill</th></tr>
          </thead>
          <tbody>{shown.map((span) => <SpanRow key={`${span.trace_id} ${span.span_id}`} span={span} />)}</tbody>
        </table>
      </div>
      {shown.length < props.spans.length && (
        <button type="button" class="more" onClick={() => showAll(true)}>Show all {formatCount(props.spans.length)} spans</button>
      )}
      {props.leftOff > 0 && <p class="dim">The spans of {formatCount(props.leftOff)} more {props.leftOff === 1 ? 'trace' : 'traces'} of the run are not shown.</p>}
    </section>
  );
}
