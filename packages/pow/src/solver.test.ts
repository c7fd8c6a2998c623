import { type EngineReport, engineNames } from './engine.js';
import { goldenFailure, goldenProfile, goldenProofs } from './golden-vectors.js';
import { solve } from './solve.js';
import { createSolver, type Solver, SolverBusyError } from './solver.js';

const easy = { seed: '0.5', difficulty: '0fffff', config: goldenProfile };
const impossible = { ...goldenFailure, config: goldenProfile };

let solver: Solver;

beforeEach(() => {
  solver = createSolver({ threads: 1 });
});

afterEach(() => solver.close());

test.each(goldenProofs)('solves seed $seed on a thread as on the main thread', async (golden) => {
  const challenge = { ...golden, config: goldenProfile };
  await expect(solver.solve(challenge)).resolves.toEqual(solve(challenge));
});

test.each(engineNames)('solves on a thread with the engine %s, and tells that it does', async (engine) => {
  await solver.close();
  const reports: EngineReport[] = [];
  solver = createSolver({ threads: 1, engine, onEngine: (report) => reports.push(report) });
  for (const golden of goldenProofs) {
    const challenge = { ...golden, config: goldenProfile };
    await expect(solver.solve(challenge)).resolves.toEqual(solve(challenge));
  }
  expect(reports).toEqual([{ name: engine }]);
});

test('an easy challenge overtakes a hopeless one on the same thread', async () => {
  const abort = new AbortController();
  const hopeless = solver.solve(impossible, abort.signal);
  const failed = expect(hopeless).rejects.toThrow('no longer wanted');
  await expect(solver.solve(easy)).resolves.toMatchObject({ solved: true });
  abort.abort(new Error('no longer wanted'));
  await failed;
});

test('a cancelled search gives its place to the next in line', async () => {
  await solver.close();
  solver = createSolver({ threads: 1, searchesPerThread: 1 });
  const abort = new AbortController();
  const hopeless = expect(solver.solve(impossible, abort.signal)).rejects.toThrow('no longer wanted');
  const next = solver.solve(easy);
  abort.abort(new Error('no longer wanted'));
  await hopeless;
  await expect(next).resolves.toMatchObject({ solved: true });
});

test('more searches than places all end', async () => {
  const proofs = await Promise.all(Array.from({ length: 50 }, (_, n) => solver.solve({ ...easy, seed: `0.${n}` })));
  expect(proofs.every((proof) => proof.solved)).toBe(true);
});

test('many hopeless searches at once do not starve an easy one', async () => {
  const abort = new AbortController();
  const hopeless = Array.from({ length: 20 }, () => solver.solve(impossible, abort.signal));
  const failed = Promise.allSettled(hopeless);
  await expect(solver.solve(easy)).resolves.toMatchObject({ solved: true });
  abort.abort(new Error('no longer wanted'));
  expect((await failed).every(({ status }) => status === 'rejected')).toBe(true);
});

test('no more may wait than agreed, and what waits is not disturbed by what is refused', async () => {
  await solver.close();
  solver = createSolver({ threads: 1, searchesPerThread: 1, mostWaiting: 1 });
  const abort = new AbortController();
  const hopeless = expect(solver.solve(impossible, abort.signal)).rejects.toThrow('no longer wanted');
  const waiting = solver.solve(easy);
  await expect(solver.solve(easy)).rejects.toThrow(SolverBusyError);
  await expect(solver.solve(easy)).rejects.toThrow(/try again/);
  abort.abort(new Error('no longer wanted'));
  await hopeless;
  await expect(waiting).resolves.toMatchObject({ solved: true });
  await expect(solver.solve(easy)).resolves.toMatchObject({ solved: true });
});

test('a search that is given up while it waits makes room for another', async () => {
  await solver.close();
  solver = createSolver({ threads: 1, searchesPerThread: 1, mostWaiting: 1 });
  const [first, second] = [new AbortController(), new AbortController()];
  const hopeless = expect(solver.solve(impossible, first.signal)).rejects.toThrow('no longer wanted');
  const givenUp = expect(solver.solve(easy, second.signal)).rejects.toThrow('no longer wanted');
  second.abort(new Error('no longer wanted'));
  await givenUp;
  const waiting = solver.solve(easy);
  first.abort(new Error('no longer wanted'));
  await hopeless;
  await expect(waiting).resolves.toMatchObject({ solved: true });
});

test('a profile that cannot be handed to a thread is refused, and takes no place', async () => {
  await solver.close();
  solver = createSolver({ threads: 1, searchesPerThread: 1 });
  await expect(solver.solve({ ...easy, config: goldenProfile.map(() => () => {}) })).rejects.toThrow(
    /could not be cloned/,
  );
  await expect(solver.solve(easy)).resolves.toMatchObject({ solved: true });
});

test('an aborted signal is refused before any work', async () => {
  await expect(solver.solve(easy, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
});

test('a challenge that makes no sense is refused, and the thread goes on', async () => {
  await expect(solver.solve({ ...easy, difficulty: 'zz' })).rejects.toThrow(/difficulty/);
  await expect(solver.solve(easy)).resolves.toMatchObject({ solved: true });
});

test('closing rejects what is unfinished and refuses what comes later', async () => {
  const hopeless = expect(solver.solve(impossible)).rejects.toThrow(/closed/);
  await solver.close();
  await hopeless;
  await expect(solver.solve(easy)).rejects.toThrow(/closed/);
});

test('the main thread is never held up for long while a thread searches', async () => {
  const abort = new AbortController();
  const hopeless = solver.solve(impossible, abort.signal).catch(() => undefined);
  await solver.solve(easy);
  const startedAt = performance.now();
  await new Promise((resolve) => setImmediate(resolve));
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  abort.abort();
  await hopeless;
});

test('says "not found" with the reference literal after all tries', async () => {
  await expect(solver.solve(impossible)).resolves.toEqual({ solution: goldenFailure.solution, solved: false });
}, 60_000);
