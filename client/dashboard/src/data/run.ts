// SPDX-License-Identifier: Apache-2.0
// A run in pages: the first follows the store like any answer; those after it are fetched
// when they are asked for, and again when the run has changed.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { BilledCall, GetRunResponse } from '../generated/itemized/v1/query';
import { ask } from './api';
import { useAnswer } from './live';

/** Calls fetched at once, for the eye. */
const PAGE = 500;
/** Calls fetched at once, for a file. */
const PAGE_OF_FILE = 10_000;

const pathOf = (id: string, limit: number, token?: string): string =>
  `runs/${encodeURIComponent(id)}?limit=${limit}` +
  (token === undefined ? '' : `&page_token=${encodeURIComponent(token)}`);

/** All calls of a run; `onProgress` hears how many there are already. */
export async function allCalls(id: string, onProgress: (calls: number) => void): Promise<BilledCall[]> {
  const calls: BilledCall[] = [];
  let token: string | undefined;
  do {
    const page: GetRunResponse = await ask<'run'>(pathOf(id, PAGE_OF_FILE, token));
    for (const call of page.calls) {
      calls.push(call);
    }
    onProgress(calls.length);
    token = page.next_page_token;
  } while (token !== undefined);
  return calls;
}

export interface RunInPages {
  /** The run with the calls of its first page. */
  run?: GetRunResponse;
  /** The calls of all pages fetched. */
  calls: BilledCall[];
  /** Fetches the page after them; undefined if there is none. */
  more?: () => void;
  isFetching: boolean;
  /** A sentence, if the server refused the question. */
  error?: string;
  /** Why the page after `calls` did not come. */
  failure?: string;
}

/** What changes when a call of the run is added or priced, or the run ends. */
const stateOf = (run: GetRunResponse): string =>
  JSON.stringify([run.call_count, run.cost_usd, run.unpriced_calls, run.unsurfaced_usd, run.outcome, run.next_page_token]);

export function useRun(id: string): RunInPages {
  const { data: run, error } = useAnswer<'run'>(pathOf(id, PAGE));
  const [wanted, setWanted] = useState({ pages: 0 }); // Pages behind the first; another object for each wish.
  const [later, setLater] = useState<GetRunResponse[]>([]);
  const [failure, setFailure] = useState<string>();
  const [isFetching, setFetching] = useState(false);
  const newest = useRef({ state: '', wanted, busy: false });

  const fetchLater = async (first: GetRunResponse): Promise<void> => {
    const pages: GetRunResponse[] = [];
    let token = first.next_page_token;
    while (token !== undefined && pages.length < newest.current.wanted.pages) {
      const page: GetRunResponse = await ask<'run'>(pathOf(id, PAGE, token));
      pages.push(page);
      token = page.next_page_token;
    }
    setLater(pages);
  };
  const keepUp = async (first: GetRunResponse): Promise<void> => {
    newest.current.busy = true;
    setFetching(true);
    try {
      await fetchLater(first);
      setFailure(undefined);
    } catch (problem) {
      setFailure(problem instanceof Error ? problem.message : String(problem));
    }
    newest.current.busy = false;
    setFetching(false);
  };
  const state = run === undefined ? '' : stateOf(run);
  useEffect(() => {
    const isNew = newest.current.state !== state || newest.current.wanted !== wanted;
    // A change waits for the end of what is being fetched: `isFetching` runs this again.
    if (run === undefined || wanted.pages === 0 || !isNew || newest.current.busy) {
      return;
    }
    newest.current.state = state;
    newest.current.wanted = wanted;
    void keepUp(run);
  }, [state, wanted, isFetching]);

  const last = later[later.length - 1] ?? run;
  const hasMore = last?.next_page_token !== undefined;
  return {
    run,
    calls: [run?.calls ?? [], ...later.map((page) => page.calls)].flat(),
    more: hasMore && !isFetching ? () => setWanted({ pages: later.length + 1 }) : undefined,
    isFetching,
    error,
    failure,
  };
}
