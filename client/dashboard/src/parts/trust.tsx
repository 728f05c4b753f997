// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import type { Repricing } from '../generated/itemized/v1/query';
import type { SpanCounters } from '../generated/itemized/v1/server_info';
import { formatCount, formatShare } from '../data/format';
import { usePulse } from '../data/live';
import type { Route } from '../data/route';
import { Link } from './link';

/** How far the figures can be trusted, and whether they are fresh. */
export function Trust(props: { route: Route }) {
  const { info, repricing, lostSince, heardAt, lateBefore } = usePulse();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  if (info === undefined) {
    return lostSince === undefined ? null
      : <p class="trust lost" role="status">The server does not answer. Trying again.</p>;
  }
  const { calls, unpriced_calls: unpriced, usage_missing_calls: noUsage } = info;
  const noRate = unpriced - noUsage;
  const notUnderstood = info.unknown_usage_reports + info.misreported_usage_reports;
  const late = (info.ingested?.late_calls ?? 0) - lateBefore;
  const toPrices: Route = { ...props.route, view: 'prices', name: '', sort: '' };
  const seconds = Math.round((Date.now() - heardAt) / 1_000);
  return (
    <>
      <p class="trust">
        {calls === 0 ? <span>no calls stored</span>
          : <span><b>{formatShareExactly((calls - unpriced) / calls)}</b> of {formatCount(calls)} stored calls priced</span>}
        {noRate > 0 && <span class="warn"><Link to={toPrices}>{formatCount(noRate)} without a rate</Link></span>}
        {noUsage > 0 && <span class="warn"><Link to={toPrices}>{formatCount(noUsage)} without usage</Link></span>}
        {notUnderstood > 0 && (
          <span class="warn" title="Since the server was started; its log says which.">
            {formatCount(notUnderstood)} usage reports not understood
          </span>
        )}
        {info.spans !== undefined && <Spans spans={info.spans} />}
        <span>{formatCount(late)} late since this page was opened</span>
        <span class="dim">{lostSince === undefined ? 'live' : `${seconds} s old`}</span>
      </p>
      {repricing !== undefined && <RepricingLine repricing={repricing} />}
      {lostSince !== undefined && (
        <p class="lost" role="status">
          The server has not answered for {seconds} s. What you see is what it said last; this page goes on trying.
        </p>
      )}
    </>
  );
}

/** What came of OpenTelemetry since the server was started, and what of it is in doubt. */
function Spans(props: { spans: SpanCounters }) {
  const { spans, merged_spans: merged, rejected_spans: rejected, rootless_traces: rootless, unknown_scopes: unknown } = props.spans;
  return (
    <>
      <span title="Since the server was started: a call that several spans tell of counts once.">
        {formatCount(spans)} spans, {formatCount(merged)} merged
      </span>
      {rejected > 0 && <span class="warn">{formatCount(rejected)} {rejected === 1 ? 'span' : 'spans'} rejected</span>}
      {rootless > 0 && <span class="warn">{formatCount(rootless)} {rootless === 1 ? 'trace' : 'traces'} without a root</span>}
      {unknown.length > 0 && (
        <span class="warn" title="They are read by OpenTelemetry's conventions. --otlp-mapping can say what they mean.">
          {unknown.length === 1 ? 'a scope that is' : `${unknown.length} scopes that are`} not known:{' '}
          {unknown.map(({ scope, spans: count }) => `${scope} (${formatCount(count)})`).join(', ')}
        </span>
      )}
    </>
  );
}

/** Rounded down: 100% only when it is done. */
function RepricingLine(props: { repricing: Repricing }) {
  const { calls, done } = props.repricing;
  const percent = calls === 0 ? '' : ` ${Math.floor((done / calls) * 100)}%`;
  return (
    <p class="repricing" role="status">
      <b>repricing{percent}</b>: rates have changed. Until all {formatCount(calls)} calls are priced again, some amounts are the old ones.
    </p>
  );
}

/** A share that is never 100% while something is missing. */
function formatShareExactly(share: number): string {
  return share < 1 && share > 0.999 ? '>99.9%' : formatShare(share);
}
