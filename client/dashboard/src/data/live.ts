// SPDX-License-Identifier: Apache-2.0
// Answers that follow the store. The page asks every two seconds whether anything has
// come in, and only then asks its questions again; what it showed stays until then.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Repricing } from '../generated/itemized/v1/query';
import type { GetServerInfoResponse } from '../generated/itemized/v1/server_info';
import { ask, Refused, type Answers, type Kind } from './api';

const POLL_MS = 2_000;
const MOVE_MS = 60_000; // A window that ends now has moved on.
const RESTS = 10; // An answer that took a second is asked for every ten at most.

export interface Pulse {
  /** Undefined until the server has answered once. */
  info?: GetServerInfoResponse;
  /** The time since which it does not answer, ms; undefined while it does. */
  lostSince?: number;
  /** Calls that are being priced again, as far as the newest answer of any kind knows. */
  repricing?: Repricing;
  /** The time at which it last answered, ms. */
  heardAt: number;
  /** Late calls that the server had counted when the page was opened. */
  lateBefore: number;
  /** Rises with whatever could change an answer. */
  version: number;
}

let pulse: Pulse = { heardAt: 0, lateBefore: 0, version: 0 };
const listeners = new Set<(pulse: Pulse) => void>();

function publish(next: Pulse): void {
  pulse = next;
  listeners.forEach((listener) => listener(pulse));
}

/** Asks all questions again now. */
export const refresh = (): void => publish({ ...pulse, version: pulse.version + 1 });

function beat(info: GetServerInfoResponse): void {
  const before = pulse.info;
  const late = info.ingested?.late_calls ?? 0;
  const restarted = before !== undefined && before.started_at !== info.started_at;
  const changed = before === undefined || restarted || before.last_block !== info.last_block ||
    pulse.lostSince !== undefined || (pulse.repricing !== undefined && info.repricing === undefined);
  publish({
    info,
    repricing: info.repricing,
    heardAt: Date.now(),
    lateBefore: before === undefined ? late : restarted ? 0 : pulse.lateBefore,
    version: pulse.version + (changed ? 1 : 0),
  });
}

/** An answer that mixes old prices and new ones is asked for again when all are new. */
export function noteRepricing(answer: { repricing?: Repricing | undefined } | object): void {
  if ('repricing' in answer && answer.repricing !== undefined) {
    publish({ ...pulse, repricing: answer.repricing });
  }
}

async function poll(): Promise<void> {
  if (!document.hidden) {
    try {
      beat(await ask<'info'>('info'));
    } catch (error) {
      // One that refuses is there all the same.
      publish({ ...pulse, lostSince: pulse.lostSince ?? Date.now() });
    }
  }
  setTimeout(() => void poll(), POLL_MS);
}

/** Starts the pulse; called once. */
export function start(): void {
  void poll();
  setInterval(() => document.hidden || refresh(), MOVE_MS);
  document.addEventListener('visibilitychange', () => document.hidden || refresh());
}

export function usePulse(): Pulse {
  const [value, setValue] = useState(pulse);
  useEffect(() => {
    listeners.add(setValue);
    setValue(pulse);
    return () => {
      listeners.delete(setValue);
    };
  }, []);
  return value;
}

export interface Answer<T> {
  /** The last one there was: of this question, or until it comes, of the one before. */
  data?: T;
  /** A sentence, if the server refused the question. */
  error?: string;
  /** No answer to this question has come yet. */
  isPending: boolean;
}

const early = new Map<string, Promise<Answers[Kind]>>();

/** Asks a question before the view is there that will need it. */
export function askEarly(path: string): void {
  const answer = ask(path);
  answer.catch(() => undefined); // Whoever takes it hears of the error.
  early.set(path, answer);
}

function askOrTake<K extends Kind>(path: string): Promise<Answers[K]> {
  const asked = early.get(path);
  early.delete(path);
  return asked === undefined ? ask<K>(path) : (asked as Promise<Answers[K]>);
}

/** The asking of one question, over and over. */
interface Job {
  path: string;
  busy: boolean;
  /** Something has changed since it was last asked. */
  stale: boolean;
  /** The time before which it is not asked again, ms. */
  restsUntil: number;
}

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Asks `path` of the API, and again when the store changes; "" asks nothing. */
export function useAnswer<K extends Kind>(path: string): Answer<Answers[K]> {
  const { version } = usePulse();
  const [answer, setAnswer] = useState<Answer<Answers[K]> & { path: string }>({
    path: '', isPending: true,
  });
  const wanted = useRef('');
  const job = useRef<Job>({ path: '', busy: false, stale: false, restsUntil: 0 });

  const load = async (path: string): Promise<void> => {
    try {
      const data = await askOrTake<K>(path);
      noteRepricing(data);
      if (wanted.current === path) {
        setAnswer({ path, data, isPending: false });
      }
    } catch (error) {
      // What is shown stays when the server is away; the pulse says so.
      if (error instanceof Refused && wanted.current === path) {
        setAnswer({ path, error: error.message, isPending: false });
      }
    }
  };
  const run = async (job: Job): Promise<void> => {
    job.busy = true;
    while (job.stale && wanted.current === job.path) {
      if (job.restsUntil > Date.now()) {
        await sleep(job.restsUntil - Date.now());
      }
      job.stale = false;
      const begin = Date.now();
      await load(job.path);
      job.restsUntil = Date.now() + RESTS * (Date.now() - begin);
    }
    job.busy = false;
  };

  // It asks before the paint: the answer may come in time for the first one.
  useLayoutEffect(() => {
    wanted.current = path;
    if (path === '') {
      return;
    }
    if (job.current.path !== path) {
      job.current = { path, busy: false, stale: true, restsUntil: 0 };
    }
    job.current.stale = true;
    if (!job.current.busy) {
      void run(job.current);
    }
  }, [path, version]);
  useLayoutEffect(() => () => {
    wanted.current = '';
  }, []);

  const isOther = answer.path !== path;
  return { data: answer.data, error: isOther ? undefined : answer.error, isPending: isOther };
}
