import { EventEmitter } from 'node:events';
import { Lifecycle, type ProcessLike } from './lifecycle.js';
import { createLogger } from './logger.js';

class FakeProcess extends EventEmitter {
  readonly sent: unknown[] = [];
  readonly connected = true;
  readonly channel = {};
  readonly exited: Promise<number>;
  exit: (code: number) => void = () => {};

  constructor() {
    super();
    this.exited = new Promise((resolve) => {
      this.exit = resolve;
    });
  }

  send(message: unknown): boolean {
    return this.sent.push(message) > 0;
  }
}

function start(totalTimeoutMs?: number) {
  const lines: string[] = [];
  const fake = new FakeProcess();
  const log = createLogger({ app: 'test', write: (line) => lines.push(line) });
  const lifecycle = new Lifecycle({ log, totalTimeoutMs, process: fake as unknown as ProcessLike });
  return { lifecycle, fake, lines };
}

test('tells its launcher where it serves', () => {
  const { lifecycle, fake } = start();
  lifecycle.announceReady({ url: 'http://127.0.0.1:8000' });
  expect(fake.sent).toEqual([{ type: 'ready', url: 'http://127.0.0.1:8000' }]);
});

test.each(['SIGTERM', 'SIGINT', 'disconnect'])(
  'on %s runs its steps from last to first, one at a time, and exits 0',
  async (cause) => {
    const { lifecycle, fake } = start();
    const steps: string[] = [];
    lifecycle.onShutdown('database', () => void steps.push(`database after ${steps.at(-1)}`));
    lifecycle.onShutdown('consumer', async () => {
      await new Promise((resolve) => setImmediate(resolve));
      steps.push('consumer');
    });
    fake.emit(cause);
    expect(lifecycle.signal.aborted).toBe(true);
    await expect(fake.exited).resolves.toBe(0);
    expect(steps).toEqual(['consumer', 'database after consumer']);
  },
);

test('a step that hangs or fails does not keep the others from running', async () => {
  const { lifecycle, fake, lines } = start();
  let isClosed = false;
  lifecycle.onShutdown('last', () => {
    isClosed = true;
  });
  lifecycle.onShutdown('failing', () => Promise.reject(new Error('broken')));
  lifecycle.onShutdown('hanging', () => new Promise(() => {}), { timeoutMs: 20 });
  fake.emit('SIGTERM');
  await expect(fake.exited).resolves.toBe(0);
  expect(isClosed).toBe(true);
  expect(lines.join('')).toMatch(/takes too long.*step=hanging[\s\S]*step failed.*step=failing/);
});

test('leaves with 1 when everything together takes too long', async () => {
  const { lifecycle, fake } = start(20);
  lifecycle.onShutdown('hanging', () => new Promise(() => {}), { timeoutMs: 200 });
  fake.emit('SIGTERM');
  await expect(fake.exited).resolves.toBe(1);
});

test('a terminal and a launcher that signal together are no impatience, a second Ctrl-C is', async () => {
  const { lifecycle, fake } = start();
  let release = () => {};
  lifecycle.onShutdown('slow', () => new Promise<void>((resolve) => (release = resolve)));
  let code: number | undefined;
  void fake.exited.then((exitCode) => (code = exitCode));
  fake.emit('SIGTERM');
  fake.emit('SIGINT');
  await new Promise((resolve) => setImmediate(resolve));
  expect(code).toBeUndefined();
  fake.emit('SIGINT');
  await expect(fake.exited).resolves.toBe(1);
  release();
});

test.each(['uncaughtException', 'unhandledRejection'])('logs %s and exits 1', async (kind) => {
  const { fake, lines } = start();
  fake.emit(kind, new Error('nobody caught me'));
  await expect(fake.exited).resolves.toBe(1);
  expect(lines.join('')).toContain('nobody caught me');
});
