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
  username: string | null;
  invites: { code: string; redeemed: number; total: number };
}

export interface LedgerSubmit {
  taskId: string;
  generationId: string;
  finishedAt: number;
  phase: string;
  kind: string;
  endpoint: string;
  account: string;
  prompt: string;
  userAgent: string;
  body: Record<string, unknown>;
  parent: string | null;
  uploads: string[];
  characters: string[];
}

export interface LedgerUpload {
  id: string;
  purpose: string;
  fileName: string;
  /** By its bytes, and as the client called it. */
  contentType: string;
  declaredType: string;
  sizeBytes: number;
  sha256: string;
  fields: Record<string, string>;
}

export interface LedgerPost {
  id: string;
  generationId: string;
  deletedAt: number | null;
}

export interface LedgerCharacter {
  id: string;
  endpoint: string;
  generationId: string | null;
  timestamps: number[];
  finalization: { characterId: string; username: string; displayName: string; assetPointer: string } | null;
  visibility: string;
  deletedAt: number | null;
}

/** What the simulator accepted, in order, and how often each of its endpoints was called. */
export interface Ledger {
  submits: LedgerSubmit[];
  uploads: LedgerUpload[];
  posts: LedgerPost[];
  characters: LedgerCharacter[];
  enhancements: { prompt: string; level: string; durationSeconds: number; enhancedPrompt: string }[];
  duplicates: unknown[];
  calls: Record<string, number>;
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

  ledger(): Promise<Ledger> {
    return this.get('ledger');
  }

  async submits(): Promise<LedgerSubmit[]> {
    return (await this.ledger()).submits;
  }

  /** Calls of one endpoint, in order; the status is null where the connection was cut. */
  async callsTo(endpoint: string): Promise<{ status: number | null; refusal: string | null }[]> {
    return (
      await this.get<{ calls: { status: number | null; refusal: string | null }[] }>(`calls?endpoint=${endpoint}`)
    ).calls;
  }

  /** One rule; without `count` it strikes until the next reset. */
  fault(rule: { kind: string; endpoint?: string; account?: string; count?: number; [more: string]: unknown }) {
    return this.post('faults', rule);
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
