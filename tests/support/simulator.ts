/** One simulator as a process of its own, without the rest of the stack, turned by its control API. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const main = path.join(__dirname, '../../apps/simulator/dist/main.js');

export interface SimulatedAccount {
  email: string;
  plan: string;
  accessToken: string;
  sessionToken: string;
  refreshToken: string;
}

export interface LedgerSubmit {
  taskId: string;
  account: string;
  prompt: string;
  userAgent: string;
  body: Record<string, unknown>;
}

export class SimulatorProcess {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async start(env: Record<string, string> = {}): Promise<SimulatorProcess> {
    const child = fork(main, { env: { ...process.env, HOST: '127.0.0.1', PORT: '0', ...env }, silent: true });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += text));
    const url = await new Promise<string>((resolve, reject) => {
      child.once('message', ({ url }: { url: string }) => resolve(url));
      child.once('exit', (code) => reject(new Error(`the simulator ended with ${code}: build it first?\n${output}`)));
    });
    return new SimulatorProcess(child, url);
  }

  accounts(): Promise<SimulatedAccount[]> {
    return this.get('accounts');
  }

  async submits(): Promise<LedgerSubmit[]> {
    return (await this.get<{ submits: LedgerSubmit[] }>('ledger')).submits;
  }

  get<Answer>(control: string): Promise<Answer> {
    return this.#call('GET', control);
  }

  post<Answer>(control: string, body: object = {}): Promise<Answer> {
    return this.#call('POST', control, body);
  }

  async stop(): Promise<void> {
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exit;
  }

  async #call<Answer>(method: string, control: string, body?: object): Promise<Answer> {
    const response = await fetch(`${this.url}/_sim/${control}`, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} /_sim/${control}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  }
}
