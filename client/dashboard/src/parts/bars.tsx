// SPDX-License-Identifier: Apache-2.0
// Small marks inside tables, as elements of the page: they can be read aloud and printed.

import { formatShare, formatShort } from '../data/format';
import { DASH } from '../data/money';

/** Sets a width through the object model, which the Content-Security-Policy allows. */
const width = (share: number) => ({ width: `${Math.max(0, Math.min(1, share)) * 100}%` });

/** Two shares, one under the other: where the upper one is longer, a thing costs more than
 * its part of the calls. */
export function SharePair(props: { spend: number | undefined; calls: number; scale: number }) {
  const scale = props.scale || 1;
  return (
    <div class="pair">
      <span class="pair-row">
        <span class="track"><span class="fill spend" style={width((props.spend ?? 0) / scale)} /></span>
        <b>{formatShare(props.spend)}</b>
      </span>
      <span class="pair-row">
        <span class="track"><span class="fill calls" style={width(props.calls / scale)} /></span>
        <span>{formatShare(props.calls)}<span class="unit"> of calls</span></span>
      </span>
    </div>
  );
}

export interface TokenClasses {
  input: number;
  cacheRead: number;
  cacheWrite: number;
  output: number;
}

export const TOKEN_CLASSES = [
  { id: 'input', colour: 'input', title: 'input' },
  { id: 'cacheRead', colour: 'cache-read', title: 'cache read' },
  { id: 'cacheWrite', colour: 'cache-write', title: 'cache write' },
  { id: 'output', colour: 'output', title: 'output' },
] as const;

/** The tokens of an average call, if any reported its usage; `scale` is the total of the
 * longest bar. */
export function TokenBar(props: { tokens: TokenClasses | undefined; scale: number }) {
  const { tokens } = props;
  if (tokens === undefined) {
    return <span class="dim">{DASH}</span>;
  }
  const total = Object.values(tokens).reduce((sum: number, count: number) => sum + count, 0);
  const text = TOKEN_CLASSES.filter(({ id }) => tokens[id] > 0)
    .map(({ id, title }) => `${formatShort(tokens[id])} ${title}`)
    .join(', ');
  return (
    <div class="tokens" title={text}>
      <span class="track">
        {TOKEN_CLASSES.map(({ id, colour }) => (
          <span key={id} class={`fill ${colour}`} style={width(tokens[id] / (props.scale || 1))} />
        ))}
      </span>
      <span>{formatShort(total)}</span>
      <span class="visually-hidden">: {text}</span>
    </div>
  );
}

/** Parts of a whole: outcomes of runs. */
export function StackedBar(props: { parts: { id: string; title: string; count: number }[] }) {
  const total = props.parts.reduce((sum, part) => sum + part.count, 0) || 1;
  const text = props.parts.filter((part) => part.count > 0)
    .map((part) => `${formatShare(part.count / total)} ${part.title}`)
    .join(', ');
  return (
    <div class="stacked" title={text}>
      <span class="track">
        {props.parts.map((part) => (
          <span key={part.id} class={`fill ${part.id}`} style={width(part.count / total)} />
        ))}
      </span>
      <span class="visually-hidden">{text}</span>
    </div>
  );
}

const SPARK = { width: 80, height: 24 };

/** Spend over time, without a scale; says its first, last and highest value. */
export function Sparkline(props: { values: number[]; describe: (value: number) => string }) {
  const { values, describe } = props;
  if (values.length < 2) {
    return <span class="dim">{DASH}</span>;
  }
  const top = Math.max(...values) || 1;
  const step = SPARK.width / (values.length - 1);
  const points = values
    .map((value, i) => `${(i * step).toFixed(1)},${(SPARK.height - 1 - (value / top) * (SPARK.height - 3)).toFixed(1)}`);
  const label = `from ${describe(values[0] ?? 0)} to ${describe(values[values.length - 1] ?? 0)}, at most ${describe(top)}`;
  return (
    <svg class="spark" viewBox={`0 0 ${SPARK.width} ${SPARK.height}`} width={SPARK.width} height={SPARK.height} role="img" aria-label={label}>
      <title>{label}</title>
      <polygon points={`0,${SPARK.height} ${points.join(' ')} ${SPARK.width},${SPARK.height}`} />
      <polyline points={points.join(' ')} />
    </svg>
  );
}
