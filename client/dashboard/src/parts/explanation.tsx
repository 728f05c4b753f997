// SPDX-License-Identifier: Apache-2.0
// How the cost of one call comes about: its rate, what multiplies it, and the arithmetic.

import { SpanPart, type BilledCall, type RunSpan } from '../generated/itemized/v1/query';
import type { BilledLine, ExplainCallResponse, HoldingRate } from '../generated/itemized/v1/rates';
import { formatCount, nameOf } from '../data/format';
import { useAnswer } from '../data/live';
import { DASH, formatUsd } from '../data/money';
import { conditionsText, matchText } from './rates';
import { partText } from './spans';

const unitsText = (line: BilledLine): string => (line.units === 1_000_000 ? 'per million' : 'per thousand');

function Rate(props: { found: HoldingRate }) {
  const { rate, provider, model, name_rule } = props.found;
  return (
    <>
      {matchText(rate?.match)}{conditionsText(rate)}
      <small class="line dim">{[rate?.source, `found as ${nameOf(model)}${provider === undefined ? '' : ` of ${provider}`}`, name_rule].filter(Boolean).join(', ')}</small>
    </>
  );
}

function Terms(props: { explained: ExplainCallResponse }) {
  const { explained } = props;
  return (
    <dl class="totals">
      {explained.rate !== undefined && <div><dt>Rate</dt><dd><Rate found={explained.rate} /></dd></div>}
      {explained.tier_input_tokens_over !== undefined && <div><dt>Large context</dt><dd>over {formatCount(explained.tier_input_tokens_over)} input tokens</dd></div>}
      {explained.exchange !== undefined && <div><dt>Exchange</dt><dd>1 {explained.exchange.currency} = {explained.exchange.usd} USD</dd></div>}
      {explained.multipliers.map((multiplier, i) => (
        <div key={i}><dt>Multiplier ×{multiplier.rate?.multiplier}</dt><dd><Rate found={multiplier} /></dd></div>
      ))}
    </dl>
  );
}

function Arithmetic(props: { explained: ExplainCallResponse }) {
  const { lines, cost_usd, unpriced_reason, differs } = props.explained;
  return (
    <>
      {lines.length > 0 && (
        <table>
          <tbody>
            {lines.map((line) => (
              <tr key={line.usage_class}>
                <td class="text">{line.usage_class}</td><td>{formatCount(line.count)}</td>
                <td>{line.price_usd === undefined ? DASH : `× $${line.price_usd}`} <span class="dim">{unitsText(line)}</span></td>
                <td>{line.cost_usd === undefined ? DASH : `= $${line.cost_usd}`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p>
        {cost_usd === undefined ? <span class="warn">No price: {unpriced_reason}.</span> : <>Sum <b title={formatUsd(cost_usd)}>${cost_usd}</b></>}
        {differs && <span class="warn"> What is stored is another cost: the book has changed since it was priced.</span>}
      </p>
    </>
  );
}

/** The span that the call was made of, and those that were merged into it. */
function Told(props: { spans: RunSpan[] }) {
  return (
    <ul class="told">
      {props.spans.map((span) => (
        <li key={`${span.trace_id} ${span.span_id}`}>
          {span.name} <span class="dim">{span.scope}</span>
          {span.part !== SpanPart.COUNTED && <> {partText(span)}</>}
        </li>
      ))}
    </ul>
  );
}

export function Explanation(props: { run: string; call: BilledCall; spans: RunSpan[] }) {
  const { event_id = '' } = props.call;
  const question = new URLSearchParams({ event_id, workflow_id: props.run });
  const { data, error } = useAnswer<'explain'>(event_id === '' ? '' : `explain?${question}`);
  return (
    <section class="explanation" aria-live="polite">
      <h2>How the cost of {event_id} comes about</h2>
      {error !== undefined ? <p class="error" role="alert">{error}</p>
        : data === undefined ? <p class="dim">Asking…</p>
          : <><Told spans={props.spans.filter((span) => span.event_id === event_id)} /><Terms explained={data} /><Arithmetic explained={data} /></>}
    </section>
  );
}
