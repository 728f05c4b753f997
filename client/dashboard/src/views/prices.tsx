// SPDX-License-Identifier: Apache-2.0
// The rate book: what is unpriced, what each model costs and who says so.

import { useState } from 'preact/hooks';
import type { Rate, UnpricedModel } from '../generated/itemized/v1/rates';
import { setRate } from '../data/api';
import { formatCalls, formatCount, nameOf } from '../data/format';
import { refresh, useAnswer, usePulse } from '../data/live';
import { formatUsd, parseUsd } from '../data/money';
import type { Route } from '../data/route';
import { USAGE_CLASSES, type UsageClass } from '../data/usage';
import { BundledPrices } from '../parts/empty';
import { conditionsText, matchText } from '../parts/rates';
import { Table, type Column } from '../parts/table';

/** Tokens that are part of no other class always need a price. */
const isRequired = ({ kind, name, billedAs }: UsageClass): boolean => kind !== 'requests' && billedAs === name;

/** What one price is, those that are required first. */
const PRICES = [...USAGE_CLASSES.filter(isRequired), ...USAGE_CLASSES.filter((one) => !isRequired(one))].map((one) => ({
  field: one.price,
  title: one.kind === 'requests' ? `1K ${one.label.toLowerCase()}` : one.label,
  hint: `${one.description}, USD per ${one.kind === 'requests' ? 'thousand' : 'million tokens'}`,
  required: isRequired(one),
}));

/** The day from which a rate holds, in UTC. */
const since = (rate: Rate): string => rate.effective_from_unix_us === 0 ? 'always'
  : new Date(rate.effective_from_unix_us / 1000).toISOString().slice(0, 10);

/** Classes that no rate has a price for have no column. */
function rateColumns(rates: Rate[]): Column<Rate>[] {
  return [
    { id: 'model', title: 'Model', isText: true, cell: (rate) => <span class="name">{matchText(rate.match)}{conditionsText(rate)}</span>,
      value: (rate) => matchText(rate.match) + conditionsText(rate), key: (rate) => matchText(rate.match) + conditionsText(rate) },
    { id: 'provider', title: 'Provider', isText: true, cell: (rate) => rate.provider ?? 'any', value: (rate) => rate.provider ?? '', key: (rate) => rate.provider ?? '' },
    ...(rates.some((rate) => rate.multiplier) ? [{ id: 'multiplier', title: 'Factor', cell: (rate: Rate) => rate.multiplier && `×${rate.multiplier}`, value: (rate: Rate) => rate.multiplier ?? '' }] : []),
    ...(rates.some((rate) => rate.currency) ? [{ id: 'currency', title: 'Currency', isText: true, cell: (rate: Rate) => rate.currency, value: (rate: Rate) => rate.currency ?? '' }] : []),
    ...PRICES.filter(({ field, required }) => required || rates.some((rate) => rate.prices?.[field])).map(({ field, title, hint }): Column<Rate> => ({
      id: field, title, hint, cell: (rate) => rate.prices?.[field] && formatUsd(rate.prices[field]),
      value: (rate) => rate.prices?.[field] ?? '', key: (rate) => parseUsd(rate.prices?.[field] ?? '-1'),
    })),
    { id: 'tiers', title: 'Large context', isText: true, isMinor: true, cell: (rate) => rate.tiers.map((tier) => `over ${formatCount(tier.input_tokens_over)}: ${tier.prices?.input ?? ''} / ${tier.prices?.output ?? ''}`).join('; ') },
    { id: 'effective_from', title: 'From', isText: true, cell: since, value: since, key: since },
    { id: 'source', title: 'Source', isText: true, isMinor: true, cell: (rate) => rate.source, value: (rate) => rate.source ?? '', key: (rate) => rate.source ?? '' },
  ];
}

interface Draft { provider: string; model: string; match: 'equals' | 'starts_with'; from: string; source: string; prices: Record<string, string> }
const EMPTY: Draft = { provider: '', model: '', match: 'equals', from: '', source: '', prices: {} };

function RateForm(props: { draft: Draft; onChange: (draft: Draft) => void }) {
  const { draft } = props;
  const [message, setMessage] = useState<{ isError: boolean; text: string }>();
  const [busy, setBusy] = useState(false);
  const change = (part: Partial<Draft>) => props.onChange({ ...draft, ...part });
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setMessage({ isError: false, text: 'Setting the rate, and pricing the calls without a price that it covers…' });
    try {
      const done = await setRate({
        provider: draft.provider,
        match: draft.match === 'equals' ? { equals: draft.model } : { starts_with: draft.model },
        effective_from_unix_us: draft.from === '' ? 0 : Date.parse(draft.from) * 1000,
        prices: Object.fromEntries(Object.entries(draft.prices).filter(([, price]) => price !== '')),
        source: draft.source,
      });
      setMessage({ isError: false, text: `${done.added > 0 ? 'Added' : 'Replaced'}; ${formatCalls(done.repriced_calls)} ${done.repriced_calls === 1 ? 'was' : 'were'} priced again.` });
      props.onChange(EMPTY);
      refresh();
    } catch (error) {
      setMessage({ isError: true, text: error instanceof Error ? error.message : String(error) });
    }
    setBusy(false);
  };
  return (
    <form class="rate" id="rate-form" onSubmit={(event) => void submit(event)} aria-labelledby="rate-title">
      <h2 id="rate-title">Set a rate</h2>
      <p class="dim">USD per million tokens. It prices calls from its date on: those to come, and stored ones without a price. Stored calls that have a price keep it until <code>itemize rates reprice</code>.</p>
      <div class="fields">
        <label>Model <input required value={draft.model} onInput={(e) => change({ model: e.currentTarget.value })} /></label>
        <label>Matches
          <select value={draft.match} onChange={(e) => change({ match: e.currentTarget.value as Draft['match'] })}>
            <option value="equals">this name</option><option value="starts_with">names that begin so</option>
          </select>
        </label>
        <label>Provider <input placeholder="any" value={draft.provider} onInput={(e) => change({ provider: e.currentTarget.value })} /></label>
        {PRICES.map(({ field, title, hint, required }) => (
          <label key={field} title={hint}>{title}
            <input inputMode="decimal" pattern="\d*\.?\d+" title="a decimal number such as 3.00" required={required}
              value={draft.prices[field] ?? ''} onInput={(e) => change({ prices: { ...draft.prices, [field]: e.currentTarget.value } })} />
          </label>
        ))}
        <label>From (UTC) <input type="date" value={draft.from} onInput={(e) => change({ from: e.currentTarget.value })} /></label>
        <label>Source <input placeholder="where the figures come from" value={draft.source} onInput={(e) => change({ source: e.currentTarget.value })} /></label>
      </div>
      <button type="submit" class="primary" disabled={busy}>Set rate</button>
      <p role="status" class={message?.isError ? 'error' : 'done'}>{message?.text}</p>
    </form>
  );
}

/** No rate prices a call that tells no tokens; its sender has to be mended. */
function WithoutUsage(props: { calls: number }) {
  return props.calls === 0 ? null : (
    <section>
      <h2>Without usage</h2>
      <p>
        {formatCalls(props.calls)} reported no usage, so that no rate can price {props.calls === 1 ? 'it' : 'them'}. Have the sender report it:
        an OpenAI stream does with <code>{'"stream_options":{"include_usage":true}'}</code>, a line of JSON
        with <code>usage</code> or the provider’s own object as <code>usage_reported</code>.
      </p>
    </section>
  );
}

function Unpriced(props: { models: UnpricedModel[]; onPick: (model: UnpricedModel) => void }) {
  const { info } = usePulse();
  if (props.models.length === 0) {
    return info === undefined ? null : <p>{info.calls === 0 ? 'No calls yet, and so no model without a rate.' : 'Every model with calls has a rate.'}</p>;
  }
  const columns: Column<UnpricedModel>[] = [
    { id: 'model', title: 'Model', isText: true, cell: (row) => <span class="name">{nameOf(row.model)}</span>, value: (row) => row.model ?? '', key: (row) => row.model ?? '' },
    { id: 'provider', title: 'Provider', isText: true, cell: (row) => nameOf(row.provider), value: (row) => row.provider ?? '', key: (row) => row.provider ?? '' },
    { id: 'calls', title: 'Calls without a rate', cell: (row) => formatCount(row.calls), value: (row) => row.calls, key: (row) => row.calls },
    { id: 'set', title: '', isText: true, cell: (row) => <button type="button" class="quiet" onClick={() => props.onPick(row)}>Set a rate</button> },
  ];
  return (
    <>
      <Table caption="Unpriced" file="unpriced" columns={columns} rows={props.models} keyOf={(row) => `${row.provider} ${row.model}`} />
      <p class="dim">A rate prices the calls that are there already, too. Most models have one among the bundled prices:</p>
      <BundledPrices label="the bundled prices" />
    </>
  );
}

export function PricesView(props: { route: Route }) {
  const { data, error } = useAnswer<'rates'>('rates');
  const { info } = usePulse();
  const [draft, setDraft] = useState(EMPTY);
  if (error !== undefined) {
    return <p class="error" role="alert">{error}</p>;
  }
  if (data === undefined) {
    return <p class="dim">Asking…</p>;
  }
  const pick = (model: UnpricedModel) => {
    setDraft({ ...EMPTY, model: model.model ?? '', provider: model.provider ?? '' });
    document.getElementById('rate-form')?.scrollIntoView({ block: 'center' });
  };
  return (
    <>
      <Unpriced models={data.unpriced} onPick={pick} />
      <WithoutUsage calls={info?.usage_missing_calls ?? 0} />
      {data.bundled !== undefined && data.bundled.rates > 0 && (
        <p>Bundled prices are in force: {data.bundled.source}, {formatCount(data.bundled.rates)} rates. A rate that you set wins over them.</p>
      )}
      <RateForm draft={draft} onChange={setDraft} />
      <Table caption={`Rate book, ${formatCount(data.rates.length)} ${data.rates.length === 1 ? 'rate' : 'rates'}`} file="rates" columns={rateColumns(data.rates)} rows={data.rates} route={props.route}
        keyOf={(rate) => `${rate.provider} ${matchText(rate.match)}${conditionsText(rate)} ${rate.effective_from_unix_us} ${rate.multiplier !== undefined} ${rate.hours?.from_second}`} />
    </>
  );
}
