/** One picture of one video by ffmpeg, in a process of its own that is given nothing but the file, and limits. */
import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';

export interface RunFfmpeg {
  /** Absolute path. */
  program: string;
  /** For a program that is itself a script; nothing else of our environment is its business. */
  searchPath: string;
  /** Between the input and the output; never a client's words. */
  filters: readonly string[];
  /** A local file. */
  input: string;
  /** The one form in which it is read: a file that says it is a playlist is not followed. */
  demuxer: 'mov' | 'matroska';
  timeoutMs: number;
  mostBytes: number;
  signal: AbortSignal;
}

export class FfmpegError extends Error {
  override readonly name = 'FfmpegError';

  constructor(
    readonly kind: 'missing' | 'failed' | 'aborted',
    message: string,
  ) {
    super(message);
  }
}

/** Address space of the process: many times what it needs, and less than would hurt its host. */
const mostMemoryKiB = 1_572_864;
/** Should nobody be left to stop it. */
const mostCpuSeconds = 60;
const mostWordsBytes = 2_000;

/** Where the shell cannot set the limit (it is not known everywhere), it runs without. */
const limited = `ulimit -v ${mostMemoryKiB} 2>/dev/null; ulimit -t ${mostCpuSeconds} 2>/dev/null; exec "$@"`;

/** What it writes. @throws FfmpegError */
export function runFfmpeg({
  program,
  searchPath,
  input,
  demuxer,
  filters,
  timeoutMs,
  mostBytes,
  signal,
}: RunFfmpeg): Promise<Buffer> {
  const general = ['-hide_banner', '-nostdin', '-v', 'error', '-protocol_whitelist', 'file,pipe', '-threads', '1'];
  const args = [...general, '-f', demuxer, '-i', input, '-map', '0:v:0', '-an', '-threads', '1', ...filters];
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', limited, 'sh', program, ...args, '-f', 'image2pipe', 'pipe:1'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { LC_ALL: 'C', PATH: searchPath },
      killSignal: 'SIGKILL',
      timeout: timeoutMs,
      signal,
    });
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    let words = '';
    if (child.pid !== undefined) giveWay(child.pid);
    child.stdout.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= mostBytes) chunks.push(chunk);
      else child.kill('SIGKILL');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(0, mostWordsBytes);
    });
    child.once('error', (error) => {
      if (signal.aborted) reject(new FfmpegError('aborted', 'ffmpeg was stopped'));
      else reject(new FfmpegError('missing', error.message));
    });
    child.once('close', (code) => {
      if (code === 0 && sizeBytes > 0 && sizeBytes <= mostBytes) resolve(Buffer.concat(chunks));
      // What a shell says of a program that it cannot begin.
      else if (code === 126 || code === 127) reject(new FfmpegError('missing', words));
      else reject(new FfmpegError(signal.aborted ? 'aborted' : 'failed', words || `ffmpeg ended with ${code}`));
    });
  });
}

/** Requests come before pictures. */
function giveWay(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It is over already.
  }
}
