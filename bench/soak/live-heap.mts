/**
 * What a Node process really holds: its heap after a forced collection, asked through the inspector. What it occupies (Pss) also says how
 * long ago it last collected, which goes up and down by megabytes over minutes. Linux only.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** For the environment of the stack: SIGUSR1 opens the inspector at a free port. */
export const inspectable = { NODE_OPTIONS: '--inspect-port=0' };

const openTimeoutMs = 10_000;

export class LiveHeap {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (result: unknown) => void>();
  #calls = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown };
      if (id === undefined) return;
      this.#answers.get(id)?.(result);
      this.#answers.delete(id);
    });
    socket.addEventListener('close', () => {
      for (const answer of this.#answers.values()) answer(undefined);
    });
  }

  /** Undefined for what is no Node process. */
  static async open(pid: number): Promise<LiveHeap | undefined> {
    if (!/^node\0|\/node\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))) return undefined;
    const before = new Set(listeningPorts(pid));
    process.kill(pid, 'SIGUSR1');
    for (const giveUpAt = Date.now() + openTimeoutMs; Date.now() < giveUpAt; await delay(50)) {
      const port = listeningPorts(pid).find((one) => !before.has(one));
      if (port !== undefined) return LiveHeap.#connect(port);
    }
    throw new Error(`the inspector of process ${pid} does not open`);
  }

  static async #connect(port: number): Promise<LiveHeap> {
    const answer = await fetch(`http://127.0.0.1:${port}/json/list`);
    const [target] = (await answer.json()) as { webSocketDebuggerUrl: string }[];
    if (!target) throw new Error('the inspector has nothing to inspect');
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', reject, { once: true });
    });
    return new LiveHeap(socket);
  }

  /** Of the main thread, in bytes; undefined once the process is gone. */
  async read(): Promise<number | undefined> {
    await this.#call('HeapProfiler.collectGarbage');
    const usage = (await this.#call('Runtime.getHeapUsage')) as { usedSize: number } | undefined;
    return usage?.usedSize;
  }

  /** As `process.memoryUsage()` gives it after a collection; undefined once the process is gone. */
  async usage(): Promise<NodeJS.MemoryUsage | undefined> {
    await this.#call('HeapProfiler.collectGarbage');
    const answer = await this.#call('Runtime.evaluate', { expression: 'process.memoryUsage()', returnByValue: true });
    return (answer as { result: { value: NodeJS.MemoryUsage } } | undefined)?.result.value;
  }

  close(): void {
    this.#socket.close();
  }

  #call(method: string, params: object = {}): Promise<unknown> {
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.resolve(undefined);
    this.#calls += 1;
    const id = this.#calls;
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}

function listeningPorts(pid: number): number[] {
  const inodes = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => inodeOf(pid, fd)));
  return readFileSync(`/proc/${pid}/net/tcp`, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === '0A' && inodes.has(columns[9]))
    .map((columns) => Number.parseInt(columns[1]?.split(':')[1] ?? '', 16));
}

function inodeOf(pid: number, fd: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
  } catch {
    return undefined;
  }
}
