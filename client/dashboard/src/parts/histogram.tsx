// SPDX-License-Identifier: Apache-2.0
import type { DistributionBucket, GetDistributionResponse } from '../generated/itemized/v1/query';
import { formatCount, formatShare } from '../data/format';
import { learningText } from '../data/known';
import { formatUsd, usdForChart, usdLabel } from '../data/money';

const WIDTH = 720;
const HEIGHT = 200;
const BASE = 24; // Below the bars, for the scale.
const TOP = 26; // Above them, for the names of the marks.

interface Mark {
  id: string;
  title: string;
  usd: string;
}

const ROOM = 1.05; // What lies between a mark and the end of the scale.

/** The marks that are known. */
function marksOf(distribution: GetDistributionResponse): Mark[] {
  const learning = learningText(distribution);
  return [
    { id: 'p50', title: 'p50', usd: distribution.p50_usd },
    { id: 'p95', title: 'p95', usd: distribution.p95_usd },
    { id: 'threshold', title: learning === '' ? 'threshold' : `threshold (${learning})`, usd: distribution.threshold_usd },
  ].flatMap(({ usd, ...mark }) => (usd === undefined ? [] : [{ ...mark, usd }]));
}

/** The ends of a scale that has all buckets and all marks on it, USD above 0. */
function scaleOf(buckets: DistributionBucket[], marks: Mark[]): { low: number; high: number } {
  const marked = marks.map((mark) => usdForChart(mark.usd)).filter((usd) => usd > 0);
  return {
    low: Math.min(usdForChart(buckets[0]?.from_usd), ...marked.map((usd) => usd / ROOM)),
    high: Math.max(usdForChart(buckets[buckets.length - 1]?.to_usd), ...marked.map((usd) => usd * ROOM)),
  };
}

/** Why there is nothing to draw. */
function nothingText(of: string, distribution: GetDistributionResponse): string {
  if (distribution.count > 0) {
    return `${formatCount(distribution.count)} ${of} in this window, each for ${formatUsd('0')}.`;
  }
  return distribution.unpriced_calls > 0
    ? `None of the ${formatCount(distribution.unpriced_calls)} ${of} in this window has a price.`
    : `No ${of} in this window.`;
}

/** Costs of $0 have no place on a logarithmic scale. */
function Free(props: { of: string; distribution: GetDistributionResponse; isLacking?: boolean }) {
  const count = props.distribution.buckets.reduce((sum, bucket) => sum + (usdForChart(bucket.from_usd) > 0 ? 0 : bucket.count), 0);
  return count === 0 ? null : <p class="dim">Beside these {formatCount(count)} {props.of} {props.isLacking ? 'without a known cost' : `for ${formatUsd('0')}`}.</p>;
}

/** How costs are distributed, on a logarithmic scale, with marks at some of them. */
export function Histogram(props: {
  of: string;
  distribution: GetDistributionResponse;
  isSmall?: boolean;
  /** Some have no price, so that a cost of 0 is none that is known. */
  isLacking?: boolean;
}) {
  const { distribution } = props;
  const buckets = distribution.buckets.filter((bucket) => usdForChart(bucket.from_usd) > 0);
  if (buckets.length === 0) {
    return <p class="dim">{nothingText(props.of, distribution)}</p>;
  }
  const marks = marksOf(distribution);
  const { low, high } = scaleOf(buckets, marks);
  const place = (usd: number) =>
    (Math.log(Math.max(usd, low) / low) / Math.log(high / low || 2)) * WIDTH;
  const most = Math.max(...buckets.map((bucket) => bucket.count));
  const { count } = distribution;
  const label = `${formatCount(count)} ${props.of}: ` +
    marks.map((mark) => `${mark.title} ${formatUsd(mark.usd)}`).join(', ');
  const picture = (
    <svg class={props.isSmall ? 'histogram small' : 'histogram'} role="img" aria-label={label}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio={props.isSmall ? 'none' : undefined}>
      {buckets.map((bucket) => {
        const x = place(usdForChart(bucket.from_usd));
        const height = (bucket.count / most) * (HEIGHT - BASE - TOP);
        const isOver = distribution.threshold_usd !== undefined && !distribution.threshold_learning &&
          usdForChart(bucket.from_usd) >= usdForChart(distribution.threshold_usd);
        return (
          <rect key={bucket.from_usd} class={isOver ? 'over' : ''} x={x} y={HEIGHT - BASE - height}
            width={Math.max(1, place(usdForChart(bucket.to_usd)) - x - 1)} height={height}>
            <title>
              {`${formatUsd(bucket.from_usd)} to ${formatUsd(bucket.to_usd)}: ${formatCount(bucket.count)} (${formatShare(bucket.count / count)}), ${formatUsd(bucket.total_usd)} in all`}
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
          <text x="0" y={HEIGHT - 6}>{usdLabel(low)}</text>
          <text x={WIDTH} y={HEIGHT - 6} text-anchor="end">{usdLabel(high)}</text>
        </g>
      )}
    </svg>
  );
  return props.isSmall ? picture : <>{picture}<Free of={props.of} distribution={distribution} isLacking={props.isLacking} /></>;
}
