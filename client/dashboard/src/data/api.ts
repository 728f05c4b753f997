// SPDX-License-Identifier: Apache-2.0
// Questions to the server this page comes from.

import type {
  GetDistributionResponse, GetOutliersResponse, GetRunResponse, GetSeriesResponse, GetSpansResponse,
  GetTopResponse,
  GetWorkflowsResponse,
} from '../generated/itemized/v1/query';
import type { ExplainCallResponse, ListRatesResponse, SetRatesResponse } from '../generated/itemized/v1/rates';
import type { GetServerInfoResponse } from '../generated/itemized/v1/server_info';

/** Each path of the API and what it answers. */
export interface Answers {
  top: GetTopResponse;
  workflows: GetWorkflowsResponse;
  series: GetSeriesResponse;
  outliers: GetOutliersResponse;
  distribution: GetDistributionResponse;
  run: GetRunResponse;
  rates: ListRatesResponse;
  explain: ExplainCallResponse;
  info: GetServerInfoResponse;
  spans: GetSpansResponse;
}
export type Kind = keyof Answers;

/** The server answered, and said no. */
export class Refused extends Error {
  constructor(readonly status: number, sentence: string) {
    super(sentence);
  }
}

const TIMEOUT_MS = 60_000;

async function send<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(path, init);
  const body: unknown = await response.json();
  if (!response.ok) {
    const { error } = body as { error?: string };
    throw new Refused(response.status, error ?? `The server answered ${response.status}.`);
  }
  return body as T;
}

/** `path` is what follows /api/v1/, parameters included. */
export const ask = <K extends Kind>(path: string): Promise<Answers[K]> =>
  send<Answers[K]>(`/api/v1/${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });

/** What is left out is not set. */
export interface NewRate {
  provider: string;
  match: { equals: string } | { starts_with: string };
  effective_from_unix_us: number;
  prices: Record<string, string>;
  source: string;
}

/** Answers when the calls that the rate covers are priced again, which may take minutes. */
export const setRate = (rate: NewRate): Promise<SetRatesResponse> =>
  send<SetRatesResponse>('/api/v1/rates', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ rates: [rate] }),
  });
