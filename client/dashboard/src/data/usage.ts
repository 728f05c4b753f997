// SPDX-License-Identifier: Apache-2.0
// The usage classes, and what the counts of several of them add up to. A call, a row of a ranking
// and a point of a series have a count for each class.

import { USAGE_CLASSES } from '../generated/usage_classes';

export { USAGE_CLASSES };
export type UsageClass = (typeof USAGE_CLASSES)[number];
export type UsageKind = UsageClass['kind'];
export type UsageCounts = Readonly<Record<UsageClass['count'], number>>;

export const sumOf = (counts: UsageCounts, ...kinds: UsageKind[]): number =>
  USAGE_CLASSES.reduce((sum, { count, kind }) => sum + (kinds.includes(kind) ? counts[count] : 0), 0);

/** All tokens that went in, from a cache or not. */
export const tokensIn = (counts: UsageCounts): number => sumOf(counts, 'input', 'cacheRead', 'cacheWrite');

/** All tokens that came out. */
export const tokensOut = (counts: UsageCounts): number => sumOf(counts, 'output');
