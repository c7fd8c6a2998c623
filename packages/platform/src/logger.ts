import { AsyncLocalStorage } from 'node:async_hooks';
import { type LevelWithSilent, type Logger, pino } from 'pino';
import { formatLogLine, type LogRecord } from './log-line.js';
import { scrub } from './log-scrub.js';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly app: string;
  readonly format?: 'text' | 'json';
  readonly level?: LevelWithSilent;
  /** Where finished lines go; standard output if not given. */
  readonly write?: (line: string) => void;
}

type LogFields = Readonly<Record<string, unknown>>;
const bound = new AsyncLocalStorage<LogFields>();

/**
 * The process's logger. Everything passes through one gate (`scrub`) after it has become text, so that no serializer, child logger
 * or library can bring a secret past it.
 */
export function createLogger(options: LoggerOptions): Logger {
  const write = options.write ?? standardOutput();
  const toLine = options.format === 'json' ? (record: LogRecord) => JSON.stringify(record) : formatLogLine;
  return pino(
    {
      level: options.level ?? 'info',
      base: { app: options.app },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
      messageKey: 'message',
      errorKey: 'error',
      serializers: { err: describeError, error: describeError },
      // A copy, because pino writes the fields of the line into what the mixin returns.
      mixin: () => ({ ...bound.getStore() }),
    },
    { write: (line: string) => write(`${toLine(scrub(JSON.parse(line)) as LogRecord)}\n`) },
  );
}

/** Runs `work` with fields (`requestId`, `generationId`) that stand on every line it logs, however deep. */
export function withLogFields<Result>(fields: LogFields, work: () => Result): Result {
  return bound.run({ ...bound.getStore(), ...fields }, work);
}

/** Redis errors carry the command they failed in, AUTH and its password included. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { command: _, previousErrors: __, ...described } = pino.stdSerializers.err(error) as Record<string, unknown>;
  return described;
}

function standardOutput(): (line: string) => void {
  // The launcher may die first: its closed pipe must not take an app down in the middle of a clean shutdown.
  process.stdout.on('error', () => {});
  return (line) => {
    process.stdout.write(line);
  };
}
