// SPDX-License-Identifier: Apache-2.0
import type { TopRow } from '../generated/itemized/v1/query';
import { formatShare, nameOf } from '../data/format';

const WIDTH = 1000;
const HEIGHT = 120;
const BARS_MAX = 40;
const VITAL = 0.8; // The few steps that make up so much of the spend are drawn strong.

/** Each row's share of spend as a bar, and all up to it as a line. */
export function Pareto(props: { rows: TopRow[] }) {
  const shown = props.rows.slice(0, BARS_MAX);
  // There are no shares of no spend.
  if (shown.length < 2 || shown.every((row) => row.spend_share === 0)) {
    return null;
  }
  const step = WIDTH / shown.length;
  const vital = props.rows.findIndex((row) => row.cumulative_spend_share >= VITAL) + 1;
  const label = vital > 0
    ? `${vital} of ${props.rows.length} make up ${formatShare(VITAL)} of the spend`
    : 'Cumulative share of spend';
  const points = shown.map((row, i) =>
    `${((i + 0.5) * step).toFixed(1)},${(HEIGHT * (1 - row.cumulative_spend_share)).toFixed(1)}`);
  return (
    <figure class="pareto">
      <figcaption>{label}</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        <line class="vital" x1="0" x2={WIDTH} y1={HEIGHT * (1 - VITAL)} y2={HEIGHT * (1 - VITAL)} />
        {shown.map((row, i) => (
          <rect key={row.key} class={i < vital ? 'few' : 'many'} x={i * step + step * 0.1} width={step * 0.8}
            y={HEIGHT * (1 - row.spend_share)} height={HEIGHT * row.spend_share}>
            <title>{`${nameOf(row.key)}: ${formatShare(row.spend_share)} of spend, ${formatShare(row.cumulative_spend_share)} with those before it`}</title>
          </rect>
        ))}
        <polyline points={points.join(' ')} />
      </svg>
    </figure>
  );
}
