// SPDX-License-Identifier: Apache-2.0
// What is known of some calls. A call without a price did not cost $0, and one without a
// duration did not take 0 ms: what is made of none but such calls is not known, and is
// undefined here, a dash on the page and empty in a file.

import { parseUsd } from './money';

/** Priced calls that a step needs before its threshold is learned, as the server has it. */
const LEARNED_CALLS = 30;

/** The counts that rankings, their totals and points of a series have. */
export interface Calls {
  calls: number;
  unpriced_calls: number;
}

export const pricedOf = (of: Calls): number => of.calls - of.unpriced_calls;

/** `usd` is a sum, a mean or a quantile of the priced calls among `of`. */
export const usdOfPriced = (usd: string | undefined, of: Calls): string | undefined =>
  pricedOf(of) > 0 ? usd : undefined;

/** `usd` is made of calls of which only those without a price have been counted: a zero
 * that lacks some is not known. */
export const usdLacking = (usd: string | undefined, unpriced: number): string | undefined =>
  unpriced > 0 && parseUsd(usd) === 0n ? undefined : usd;

/** A share of `whole`; of nothing it is not known. */
export const shareOf = (part: number, whole: number): number | undefined =>
  whole > 0 ? part / whole : undefined;

/** A duration of 0 is one that was not reported. */
export const durationOf = (ms: number): number | undefined => (ms > 0 ? ms : undefined);

export interface Threshold {
  threshold_usd?: string;
  threshold_learning: boolean;
  threshold_sample_count: number;
}

/** "learning 16 of 30" of a step whose threshold is the default still, else "". */
export const learningText = (of: Threshold): string =>
  of.threshold_usd !== undefined && of.threshold_learning ? learningCount(of.threshold_sample_count) : '';

export const learningCount = (samples: number): string => `learning ${samples} of ${LEARNED_CALLS}`;
