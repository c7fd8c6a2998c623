/**
 * A disk for media that can be made full: a tmpfs in a mount namespace of its own, which is gone with the process that holds it. Where
 * the machine allows no namespace there is none, and the files of one process are limited instead (see `limitFiles`).
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

const roomBytes = 1024 * 1024 * 1024;

export class Space {
  /** What must stand before the command of every process that is to see the disk. */
  readonly wrap: readonly string[];
  readonly #holder: ChildProcess;
  readonly #folder: string;

  private constructor(holder: ChildProcess, folder: string, isRoot: boolean) {
    this.#holder = holder;
    this.#folder = folder;
    const user = isRoot ? [] : ['--user', '--preserve-credentials'];
    this.wrap = ['nsenter', '--target', String(holder.pid), '--mount', ...user, '--'];
  }

  /** Undefined where it is not allowed. */
  static async open(folder: string): Promise<Space | undefined> {
    const isRoot = process.getuid?.() === 0;
    const unshare = ['--mount', '--propagation', 'private', ...(isRoot ? [] : ['--user', '--map-current-user'])];
    const script = `mount -t tmpfs -o mode=0700,size=${roomBytes} media "$0" && echo mounted && exec cat`;
    const holder = spawn('unshare', [...unshare, 'sh', '-c', script, folder], { stdio: ['pipe', 'pipe', 'ignore'] });
    const isMounted = await new Promise<boolean>((resolve) => {
      holder.stdout.once('data', () => resolve(true));
      holder.once('error', () => resolve(false)).once('exit', () => resolve(false));
    });
    return isMounted ? new Space(holder, folder, isRoot) : undefined;
  }

  /** The disk as this process sees it, for reading. */
  get path(): string {
    return `/proc/${this.#holder.pid}/root${this.#folder}`;
  }

  /** From here on nothing more fits on it. */
  fill(): void {
    const df = this.#run(['df', '--output=used', '--block-size=1', this.#folder]);
    const usedBytes = Number(df.trim().split('\n').at(-1));
    this.#resize(Math.max(4096, usedBytes));
  }

  empty(): void {
    this.#resize(roomBytes);
  }

  async close(): Promise<void> {
    const exit = once(this.#holder, 'exit');
    this.#holder.stdin?.end();
    await exit;
  }

  #resize(bytes: number): void {
    this.#run(['mount', '-o', `remount,size=${bytes}`, this.#folder]);
  }

  #run(command: readonly string[]): string {
    const [file = '', ...args] = [...this.wrap, ...command];
    const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command.join(' ')} failed: ${stderr}`);
    return stdout;
  }
}

/** No file of the process may grow beyond; `undefined` takes the limit off. */
export function limitFiles(pid: number, bytes: number | undefined): void {
  const limit = `${bytes ?? 'unlimited'}:unlimited`;
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${limit}`], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the size of files could not be limited (prlimit, of util-linux): ${stderr}`);
}
