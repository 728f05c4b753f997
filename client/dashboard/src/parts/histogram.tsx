// SPDX-License-Identifier: Apache-2.0
import type { GetDistributionResponse } from '../generated/itemized/v1/query';
import { formatCount, formatShare } from '../data/format';
import { formatUsd, usdForChart } from '../data/money';

const WIDTH = 720;
const HEIGHT = 200;
const BASE = 24; // Below the bars, for the scale.
const TOP = 26; // Above them, for the names of the marks.

interface Mark {
  id: string;
  title: string;
  usd: string;
}

/** How costs are distributed, on a logarithmic scale, with marks at some of them. */
export function Histogram(props: {
  of: string;
  distribution: GetDistributionResponse;
  isSmall?: boolean;
}) {
  const { distribution } = props;
  const buckets = distribution.buckets.filter((bucket) => usdForChart(bucket.to_usd) > 0);
  const first = buckets[0];
  const last = buckets[buckets.length - 1];
  if (first === undefined || last === undefined) {
    return <p class="dim">No {props.of} in this window.</p>;
  }
  const marks: Mark[] = [
    { id: 'p50', title: 'p50', usd: distribution.p50_usd },
    { id: 'p95', title: 'p95', usd: distribution.p95_usd },
    {
      id: 'threshold',
      title: distribution.threshold_learning ? 'threshold (learning)' : 'threshold',
      usd: distribution.threshold_usd,
    },
  ].filter((mark) => mark.usd !== '');
  const low = usdForChart(first.from_usd) || usdForChart(first.to_usd) / 2;
  const high = Math.max(usdForChart(last.to_usd), ...marks.map((mark) => usdForChart(mark.usd) * 1.05));
  const place = (usd: number) =>
    (Math.log(Math.max(usd, low) / low) / Math.log(high / low || 2)) * WIDTH;
  const most = Math.max(...buckets.map((bucket) => Number(bucket.count)));
  const count = Number(distribution.count);
  const label = `${formatCount(distribution.count)} ${props.of}: ` +
    marks.map((mark) => `${mark.title} ${formatUsd(mark.usd)}`).join(', ');
  return (
    <svg class={props.isSmall ? 'histogram small' : 'histogram'} role="img" aria-label={label}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio={props.isSmall ? 'none' : undefined}>
      {buckets.map((bucket) => {
        const x = place(usdForChart(bucket.from_usd));
        const height = (Number(bucket.count) / most) * (HEIGHT - BASE - TOP);
        const isOver = distribution.threshold_usd !== '' &&
          usdForChart(bucket.from_usd) >= usdForChart(distribution.threshold_usd);
        return (
          <rect key={bucket.from_usd} class={isOver ? 'over' : ''} x={x} y={HEIGHT - BASE - height}
            width={Math.max(1, place(usdForChart(bucket.to_usd)) - x - 1)} height={height}>
            <title>
              {`${formatUsd(bucket.from_usd)} to ${formatUsd(bucket.to_usd)}: ${formatCount(bucket.count)} (${formatShare(Number(bucket.count) / count)}), ${formatUsd(bucket.total_usd)} in all`}
            </title>
          </rect>
        );
      })}
      {!props.isSmall && marks.map((mark, i) => {
        const x = place(usdForChart(mark.usd));
        return (
          <g key={mark.id} class={`mark ${mark.id}`}>
            <line x1={x} x2={x} y1={TOP - 8} y2={HEIGHT - BASE} />
            <text x={Math.min(x + 4, WIDTH - 4)} y={10 + (i % 2) * 12}
              text-anchor={x > WIDTH * 0.75 ? 'end' : 'start'} dx={x > WIDTH * 0.75 ? -8 : 0}>
              {mark.title} {formatUsd(mark.usd)}
            </text>
          </g>
        );
      })}
      {!props.isSmall && (
        <g class="scale">
          <line x1="0" x2={WIDTH} y1={HEIGHT - BASE} y2={HEIGHT - BASE} />
          <text x="0" y={HEIGHT - 6}>{formatUsd(first.from_usd)}</text>
          <text x={WIDTH} y={HEIGHT - 6} text-anchor="end">{formatUsd(last.to_usd)}</text>
        </g>
      )}
    </svg>
  );
}
