/**
 * Entry of a solver thread. It works on all its searches in turn, a slice each, and looks at its messages between two slices, so
 * that a hard challenge holds nobody up and a cancelled one stops within a slice.
 */
import { parentPort } from 'node:worker_threads';
import { type Challenge, type Proof, Search } from './solve.js';

export type ToThread = { type: 'solve'; id: number; challenge: Challenge } | { type: 'cancel'; id: number };
export type FromThread = { type: 'solved'; id: number; proof: Proof } | { type: 'failed'; id: number; message: string };

/** Some 5 to 10 ms. */
const SLICE_TRIES = 1_000;

const searches = new Map<number, Search>();
let isRunning = false;

parentPort?.on('message', (message: ToThread) => {
  if (message.type === 'cancel') searches.delete(message.id);
  else begin(message.id, message.challenge);
});

function begin(id: number, challenge: Challenge): void {
  attempt(id, () => {
    searches.set(id, new Search(challenge));
    if (isRunning) return;
    isRunning = true;
    setImmediate(takeTurns);
  });
}

function takeTurns(): void {
  const [turn] = searches;
  if (!turn) {
    isRunning = false;
    return;
  }
  const [id, search] = turn;
  searches.delete(id);
  attempt(id, () => {
    const proof = search.advance(SLICE_TRIES);
    // Back to the end of the line; a Map keeps the order of insertion.
    if (proof) reply({ type: 'solved', id, proof });
    else searches.set(id, search);
  });
  setImmediate(takeTurns);
}

function attempt(id: number, work: () => void): void {
  try {
    work();
  } catch (error) {
    reply({ type: 'failed', id, message: error instanceof Error ? error.message : String(error) });
  }
}

function reply(message: FromThread): void {
  parentPort?.postMessage(message);
}
