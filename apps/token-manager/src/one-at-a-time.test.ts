import { oneAtATime } from './one-at-a-time.js';

/** Work whose runs end when the test says so. */
function gatedWork() {
  const gates: { resolve: (run: number) => void; reject: (error: Error) => void }[] = [];
  const run = oneAtATime(() => new Promise<number>((resolve, reject) => gates.push({ resolve, reject })));
  return { run, gates };
}

describe('oneAtATime', () => {
  it('gives everyone who asks during a run one further run, that begins after they asked', async () => {
    const { run, gates } = gatedWork();
    const first = run();
    const [second, third] = [run(), run()];
    expect(gates).toHaveLength(1);
    gates[0]?.resolve(1);
    expect(await first).toBe(1);
    await new Promise(setImmediate);
    expect(gates).toHaveLength(2);
    gates[1]?.resolve(2);
    expect(await Promise.all([second, third])).toEqual([2, 2]);
  });

  it('runs again after a failure', async () => {
    const { run, gates } = gatedWork();
    const first = run();
    const second = run();
    gates[0]?.reject(new Error('out of order'));
    await expect(first).rejects.toThrow('out of order');
    await new Promise(setImmediate);
    gates[1]?.resolve(2);
    expect(await second).toBe(2);
    const third = run();
    gates[2]?.resolve(3);
    expect(await third).toBe(3);
  });
});
