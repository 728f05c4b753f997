// SPDX-License-Identifier: Apache-2.0
// Calls that an amount lacks, and the way to mend it.

import { formatCalls, formatCount } from '../data/format';
import type { Route } from '../data/route';
import { Link } from './link';

const pricesOf = (route: Route): Route => ({ ...route, view: 'prices', name: '', sort: '' });

/** Nothing if nothing is missing. Without `withoutUsage` it is not known which calls lack
 * a rate and which their usage; where prices are, both are told. */
export function Missing(props: { route: Route; unpriced: number; withoutUsage?: number }) {
  const { unpriced, withoutUsage } = props;
  const to = pricesOf(props.route);
  if (withoutUsage === undefined) {
    return unpriced === 0 ? null : <Link class="missing" to={to}>{formatCalls(unpriced)} without a price</Link>;
  }
  const withoutRate = unpriced - withoutUsage;
  return (
    <>
      {withoutRate > 0 && <Link class="missing" to={to}>{formatCalls(withoutRate)} without a rate</Link>}
      {withoutUsage > 0 && <Link class="missing" to={to}>{formatCalls(withoutUsage)} without usage</Link>}
    </>
  );
}

/** A call without a price has no verdict: that none of them is flagged says nothing. */
export function Unjudged(props: { route: Route; count: number }) {
  return props.count === 0 ? null : (
    <Link class="missing" to={pricesOf(props.route)}>{formatCount(props.count)} not judged, without a price</Link>
  );
}
