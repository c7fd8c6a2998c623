import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { MOST_TRIES } from '@reelay/pow/challenge';
import { goldenFailure, goldenProfile, goldenProofs } from '@reelay/pow/golden-vectors';
import { ReferenceSearch } from '@reelay/pow/solve';
import { createSolver, type Solver, type SolverOptions } from '@reelay/pow/solver';
import { searchWithHashlib } from './hashlib.mts';

export interface Contestant {
  name: string;
  /** Tries per second, or undefined where this machine has not what it takes. */
  run: () => Promise<number | undefined>;
  close?: () => Promise<void>;
}

/** Known to have no proof in all its tries, so that whoever searches does them all. */
const hopeless = { ...goldenFailure, config: goldenProfile };
const [known] = goldenProofs;
/** For those who take long enough with a part of the tries. */
const FEWER_TRIES = 100_000;

export const cores = os.availableParallelism();

export const hashlib: Contestant = {
  name: "python3's hashlib, 1 thread",
  run: async () => {
    const search = await searchWithHashlib(hopeless, FEWER_TRIES);
    return search && FEWER_TRIES / search.seconds;
  },
};

export const nodeCrypto: Contestant = {
  name: 'node:crypto one-shot, 1 thread',
  run: async () => {
    const search = new ReferenceSearch(hopeless, { from: 0, to: FEWER_TRIES });
    return rate(FEWER_TRIES, async () => search.advance(FEWER_TRIES));
  },
};

export const nothing: Contestant = { name: 'nothing', run: () => delay(1_000, undefined) };

export function core(name: string, options: SolverOptions & { threads: number }): Contestant {
  const solver = createSolver({
    ...options,
    onEngine: ({ name: engine, fallbackReason }) => {
      if (fallbackReason) console.log(`${name}: searches with the engine "${engine}", because ${fallbackReason}`);
    },
  });
  return {
    name: `${name}, ${options.threads} ${options.threads === 1 ? 'thread' : 'threads'}`,
    run: () => rate(MOST_TRIES * options.threads, () => searchOnAll(solver, options.threads)),
    close: () => solver.close(),
  };
}

/** Who does not find what is known to be there need not be measured. */
export async function checkHashlib(): Promise<void> {
  const search = await searchWithHashlib({ ...known, config: goldenProfile }, 1_000);
  if (search && search.solution?.length !== known.length) throw new Error('hashlib does not find the known proof.');
}

/** Bytes of resident memory for each thread that has searched. To be called before anything else has started threads. */
export async function memoryOfThread(): Promise<number> {
  const before = process.memoryUsage.rss();
  const solver = createSolver({ threads: cores });
  await searchOnAll(solver, cores);
  const after = process.memoryUsage.rss();
  await solver.close();
  return (after - before) / cores;
}

async function searchOnAll(solver: Solver, threads: number): Promise<void> {
  const proofs = await Promise.all(Array.from({ length: threads }, () => solver.solve(hopeless)));
  if (proofs.some(({ solution }) => solution !== goldenFailure.solution)) {
    throw new Error('A search did not end as it is known to end.');
  }
}

async function rate(tries: number, work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return tries / ((performance.now() - startedAt) / 1000);
}
