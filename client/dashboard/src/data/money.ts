// SPDX-License-Identifier: Apache-2.0
// Amounts as the API sends them: decimal strings in USD, exact to 10^-12. They are
// added and compared as whole pico-dollars; a float only ever places a mark on a chart.

const DECIMALS = 12;
const PICOS_PER_USD = 10n ** BigInt(DECIMALS);

/** What stands where an amount, a share or a duration is not known. */
export const DASH = '—';

/** Pico-dollars of "0.147"; of no amount none, which is 0. Throws on anything else. */
export function parseUsd(text: string | undefined): bigint {
  if (text === undefined) {
    return 0n;
  }
  const match = /^(-?)(\d*)(?:\.(\d{1,12}))?$/.exec(text);
  if (match === null) {
    throw new Error(`not an amount in USD: ${text}`);
  }
  const [, sign, whole, fraction = ''] = match;
  const picos = BigInt(whole || '0') * PICOS_PER_USD + BigInt(fraction.padEnd(DECIMALS, '0'));
  return sign === '-' ? -picos : picos;
}

/** "1,234.50": rounded half to even at `decimals`, with separators. */
function rounded(picos: bigint, decimals: number): string {
  const unit = 10n ** BigInt(DECIMALS - decimals);
  const magnitude = picos < 0n ? -picos : picos;
  let units = magnitude / unit;
  const rest = (magnitude % unit) * 2n;
  if (rest > unit || (rest === unit && units % 2n === 1n)) {
    units += 1n;
  }
  const digits = units.toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals).replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = decimals === 0 ? '' : `.${digits.slice(-decimals)}`;
  return `${picos < 0n && units !== 0n ? '-' : ''}$${whole}${fraction}`;
}

/** An amount with as many digits as its size needs: $1,234.57, $0.0425, $0.000123. */
export function formatPicos(picos: bigint): string {
  const magnitude = picos < 0n ? -picos : picos;
  if (magnitude === 0n) {
    return '$0';
  }
  if (magnitude >= PICOS_PER_USD) {
    return rounded(picos, 2);
  }
  if (magnitude >= PICOS_PER_USD / 100n) {
    return rounded(picos, 4);
  }
  return magnitude >= PICOS_PER_USD / 1_000_000n ? rounded(picos, 6) : rounded(picos, 9);
}

/** A dash for an amount that is not known. */
export const formatUsd = (text: string | undefined): string =>
  text === undefined || text === '' ? DASH : formatPicos(parseUsd(text));

/** The place of a mark on a chart; never a part of a sum. */
export const picosForChart = (picos: bigint): number => Number(picos) / 1e12;
export const usdForChart = (text: string | undefined): number => picosForChart(parseUsd(text));
/** What a place on a scale is called. */
export const usdLabel = (usd: number): string => `$${Number(usd.toPrecision(3))}`;

/** How much `now` is above `before`, as a fraction; undefined if there was next to nothing,
 * less than a hundredth. */
export function changeOf(now: bigint, before: bigint): number | undefined {
  return before === 0n || before * 100n < now ? undefined : Number(((now - before) * 10_000n) / before) / 10_000;
}
