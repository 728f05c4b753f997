// SPDX-License-Identifier: Apache-2.0
// Figures other than money, for people.

import { DASH } from './money';

// Formatting is done by hand: the formatters of Intl take tens of milliseconds to make, at the first paint.
const SUFFIXES = ['', 'K', 'M', 'B', 'T', 'P', 'E'];

export const formatCount = (count: string | number): string =>
  String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/** Three significant digits: 1.58K, 34K, 999. */
export function formatShort(count: number): string {
  let value = Number(count.toPrecision(3));
  let power = 0;
  for (; value >= 1000 && power < SUFFIXES.length - 1; ++power) {
    value /= 1000;
  }
  return `${Number(value.toPrecision(3))}${SUFFIXES[power] ?? ''}`;
}

/** "1 call", "2 calls". */
export const formatCalls = (count: number): string => `${formatCount(count)} ${count === 1 ? 'call' : 'calls'}`;

export function formatShare(share: number | undefined): string {
  if (share === undefined) {
    return DASH;
  }
  const percent = share * 100;
  if (percent === 0) {
    return '0%';
  }
  return percent < 0.1 ? '<0.1%' : `${percent.toFixed(percent < 10 ? 1 : 0)}%`;
}

export function formatChange(change: number | undefined): string {
  if (change === undefined) {
    return 'new';
  }
  if (change >= 9) {
    return `×${formatCount(Math.round(change + 1))}`;
  }
  const percent = Math.round(change * 100);
  return percent === 0 ? '±0%' : `${percent > 0 ? '+' : '−'}${formatCount(Math.abs(percent))}%`;
}

export function formatDuration(ms: number | undefined): string {
  if (ms === undefined) {
    return DASH;
  }
  if (ms < 1) {
    return '<1 ms';
  }
  if (ms < 1000) {
    return `${Math.round(ms)} ms`;
  }
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** "2026-11-27 06:08:10" in `zone`. */
export function formatTime(rfc3339: string | undefined, zone: string): string {
  if (rfc3339 === undefined) {
    return DASH;
  }
  let format = formats.get(zone);
  if (format === undefined) {
    // Swedish dates are ISO dates.
    format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: zone,
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    formats.set(zone, format);
  }
  return format.format(new Date(rfc3339));
}

/** What the start of a bucket is called: "11-27", or "11-27 06:00" for hours. */
export const formatBucket = (start: string, hourly: boolean): string =>
  hourly ? `${start.slice(5, 10)} ${start.slice(11, 16)}` : start.slice(5, 10);

/** What a name that was not given is called. */
export const nameOf = (name: string | undefined): string => (name === undefined || name === '' ? '(none)' : name);

export const formatOutcome = (outcome: string): string => outcome.replace('_', '-');
