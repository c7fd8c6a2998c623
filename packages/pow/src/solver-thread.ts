/**
 * Entry of a solver thread. It works on all its searches in turn, a slice each, and looks at its messages between two slices, so
 * that a hard challenge holds nobody up and a cancelled one stops within a slice.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Challenge, Proof, ProofSearch } from './challenge.js';
import { createEngine, type EngineName, type EngineReport } from './engine.js';

export type ThreadData = { engine: EngineName };
export type ToThread = { type: 'solve'; id: number; challenge: Challenge } | { type: 'cancel'; id: number };
export type FromThread =
  | { type: 'started'; engine: EngineReport }
  | { type: 'solved'; id: number; proof: Proof }
  | { type: 'failed'; id: number; message: string };

/** Some 2 ms in the fastest engine, 8 ms in the slowest. */
const SLICE_TRIES = 1_000;

const engine = createEngine((workerData as ThreadData).engine);
const searches = new Map<number, ProofSearch>();
let isRunning = false;

reply({ type: 'started', engine: { name: engine.name, fallbackReason: engine.fallbackReason } });
parentPort?.on('message', (message: ToThread) => {
  if (message.type === 'cancel') searches.delete(message.id);
  else begin(message.id, message.challenge);
});

function begin(id: number, challenge: Challenge): void {
  attempt(id, () => {
    searches.set(id, engine.begin(challenge));
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
