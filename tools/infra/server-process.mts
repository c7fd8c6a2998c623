import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { leash } from './leash.mts';

export interface ServerProcess {
  pid: number;
  /** Ends the server in order; escalates when it does not. Resolves when it is gone, also if it had ended before. */
  stop(): Promise<void>;
  /** Called once if the server ends without having been asked to, with a sentence that says how. */
  onExit(listener: (reason: string) => void): void;
}

export interface ServerCommand {
  name: string;
  /** What changes user or user namespace; the leash goes between it and the program. */
  wrap: string[];
  program: string;
  args: string[];
  options: { uid?: number; gid?: number; env?: NodeJS.ProcessEnv; cwd?: string };
  /** Given to the server's standard input. */
  input?: string;
  isReady: (line: string) => boolean;
  startTimeoutMs: number;
  stopSignal: 'SIGINT' | 'SIGTERM';
  /** What comes when `stopSignal` has not helped for `stopTimeoutMs`. */
  hardStopSignal: 'SIGQUIT' | 'SIGKILL';
  stopTimeoutMs: number;
  onLine?: (line: string) => void;
}

/** The server ended before it was ready; `log` is the end of what it said. */
export class ServerStartError extends Error {
  readonly log: string;

  constructor(name: string, reason: string, log: string) {
    super(`${name} ${reason}. It said:\n${log.trim() || '(nothing)'}`);
    this.log = log;
  }
}

/** Starts a server that dies with this process, and waits until it says that it is ready. */
export async function startServerProcess(command: ServerCommand): Promise<ServerProcess> {
  const [file = '', ...args] = [
    ...command.wrap,
    ...leash(command.stopSignal === 'SIGINT' ? 'INT' : 'TERM'),
    command.program,
    ...command.args,
  ];
  // A process group of its own: Ctrl-C in the terminal must reach the applications first and the databases last.
  const child = spawn(file, args, { ...command.options, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {});
  child.stdin.end(command.input ?? '');

  const ending = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`));
  });
  await untilReady(child, ending, command);
  return control(child, ending, command);
}

async function untilReady(
  child: ChildProcessWithoutNullStreams,
  ending: Promise<string>,
  command: ServerCommand,
): Promise<void> {
  let log = '';
  const ready = new Promise<'ready'>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        log = `${log}${line}\n`.slice(-4_000);
        command.onLine?.(line);
        if (command.isReady(line)) resolve('ready');
      });
    }
  });
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`was not ready after ${command.startTimeoutMs / 1000} s`), command.startTimeoutMs);
  });
  const outcome = await Promise.race([ready, ending, tooLate]);
  clearTimeout(timer);
  if (outcome === 'ready') return;
  child.kill('SIGKILL');
  throw new ServerStartError(command.name, outcome, log);
}

function control(
  child: ChildProcessWithoutNullStreams,
  ending: Promise<string>,
  command: ServerCommand,
): ServerProcess {
  let isStopping = false;
  const stop = async (): Promise<void> => {
    isStopping = true;
    child.kill(command.stopSignal);
    const hardStop = setTimeout(() => child.kill(command.hardStopSignal), command.stopTimeoutMs);
    const kill = setTimeout(() => child.kill('SIGKILL'), 2 * command.stopTimeoutMs);
    await ending;
    clearTimeout(hardStop);
    clearTimeout(kill);
  };
  return {
    pid: child.pid as number,
    stop,
    onExit: (listener) => {
      ending.then((reason) => {
        if (!isStopping) listener(`${command.name} ${reason}`);
      });
    },
  };
}
