// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import { formatCount, formatShare } from '../data/format';
import { usePulse } from '../data/live';
import type { Route } from '../data/route';
import { Link } from './link';

/** How far the figures can be trusted, and whether they are fresh. */
export function Trust(props: { route: Route }) {
  const { info, lostSince, heardAt, lateBefore } = usePulse();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  if (info === undefined) {
    return lostSince === undefined ? null
      : <p class="trust lost" role="status">The server does not answer. Trying again.</p>;
  }
  const calls = Number(info.calls);
  const unpriced = Number(info.unpriced_calls);
  const noRate = unpriced - Number(info.usage_missing_calls);
  const late = Number(info.ingested?.late_calls ?? 0) - lateBefore;
  const seconds = Math.round((Date.now() - heardAt) / 1_000);
  return (
    <>
      <p class="trust">
        <span><b>{calls === 0 ? '100%' : formatShareExactly((calls - unpriced) / calls)}</b> of {formatCount(info.calls)} stored calls priced</span>
        {noRate > 0 && <span class="warn"><Link to={{ ...props.route, view: 'prices', name: '', sort: '' }}>{formatCount(noRate)} without a rate</Link></span>}
        <span>{formatCount(info.usage_missing_calls)} without usage</span>
        <span>{formatCount(late)} late since this page was opened</span>
        <span class="dim">{lostSince === undefined ? 'live' : `${seconds} s old`}</span>
      </p>
      {lostSince !== undefined && (
        <p class="lost" role="status">
          The server has not answered for {seconds} s. What you see is what it said last; this page goes on trying.
        </p>
      )}
    </>
  );
}

/** Never 100% while something is missing. */
function formatShareExactly(share: number): string {
  return share < 1 && share > 0.999 ? '>99.9%' : formatShare(share);
}
