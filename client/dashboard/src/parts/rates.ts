// SPDX-License-Identifier: Apache-2.0
// What a rate is for, in words.

import type { ModelMatch, Rate } from '../generated/itemized/v1/rates';

const ANY_MODEL = '^';

export function matchText(match: ModelMatch | undefined): string {
  if (match === undefined) {
    return '';
  }
  if (match.equals !== undefined) return match.equals;
  if (match.starts_with !== undefined) return `${match.starts_with}…`;
  if (match.ends_with !== undefined) return `…${match.ends_with}`;
  if (match.contains !== undefined) return `…${match.contains}…`;
  if (match.regex === ANY_MODEL) return 'any model';
  if (match.regex !== undefined) return `/${match.regex}/`;
  const parts = match.any_of ?? match.all_of;
  return (parts?.matches ?? []).map(matchText).join(match.any_of !== undefined ? ' or ' : ' and ');
}

/** " [flex, us, tenant=acme]": the calls that a rate is for, beside its models. */
export function conditionsText(rate: Rate | undefined): string {
  const attribute = rate?.attribute_key === undefined ? undefined : `${rate.attribute_key}=${rate.attribute_value}`;
  const parts = [rate?.service_tier, rate?.region, attribute].filter(Boolean);
  return parts.length === 0 ? '' : ` [${parts.join(', ')}]`;
}
