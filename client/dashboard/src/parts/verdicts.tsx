// SPDX-License-Identifier: Apache-2.0
// How many calls of a step are outliers, and of how many it is not known.

import type { TopRow } from '../generated/itemized/v1/query';
import { formatCount } from '../data/format';
import { learningText, pricedOf } from '../data/known';
import { DASH, formatUsd } from '../data/money';

/** What the calls of `row` were measured against, as far as it is one thing. */
export function thresholdText(row: TopRow): string {
  if (row.threshold_usd === undefined) {
    return '';
  }
  return learningText(row) || `over ${formatUsd(row.threshold_usd)}`;
}

/** Calls over the default threshold of a step that has too few calls for one of its own. */
export const learningCalls = (row: { learning_calls: number }): string =>
  row.learning_calls === 0 ? '' : `${formatCount(row.learning_calls)} while learning`;

/** Empty where all calls were judged and none is an outlier. */
export function OutlierCell(props: { row: TopRow }) {
  const { row } = props;
  const isLearning = learningText(row) !== '';
  const lines = [
    row.outliers > 0 || isLearning ? thresholdText(row) : '',
    learningCalls(row),
    row.unpriced_calls > 0 ? `${formatCount(row.unpriced_calls)} not judged` : '',
  ].filter((line) => line !== '');
  if (row.outliers === 0 && lines.length === 0) {
    return null;
  }
  return (
    <>
      {row.outliers > 0 && <span class="warn"><span aria-hidden="true">▲ </span>{formatCount(row.outliers)}</span>}
      {row.outliers === 0 && pricedOf(row) === 0 && DASH}
      {lines.map((line) => <small key={line} class="line">{line}</small>)}
    </>
  );
}
