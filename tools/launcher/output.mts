export type Level = 'info' | 'warn' | 'error';

export interface OutputOptions {
  format: 'text' | 'json';
  /** false: lines of apps are shown from the beginning, also while the stack starts. */
  isQuietAtStart: boolean;
  /** Where the lines of apps go; standard output, if not given. */
  writeChildLine?: (text: string) => void;
}

/**
 * Everything the launcher and its children say, line by line. In text format there are also lines for people only (`say`); in json
 * format every line is a JSON object, whatever a child wrote.
 */
export class Output {
  readonly format: 'text' | 'json';
  readonly isTerminal: boolean;
  readonly #writeChildLine: (text: string) => void;
  #heldBack: string[] | undefined;

  constructor(options: OutputOptions) {
    this.format = options.format;
    this.isTerminal = process.stdout.isTTY === true;
    this.#writeChildLine = options.writeChildLine ?? writeToStandardOutput;
    this.#heldBack = options.isQuietAtStart && options.format === 'text' ? [] : undefined;
  }

  /** A line of the launcher's own log, in the apps' form. */
  log(level: Level, message: string, fields: Record<string, unknown> = {}): void {
    const time = new Date().toISOString();
    if (this.format === 'json') {
      writeToStandardOutput(`${JSON.stringify({ level, time, app: 'launcher', message, ...fields })}\n`);
      return;
    }
    writeToStandardOutput(
      `${time} ${'launcher'.padEnd(13)} ${level.padEnd(5)} ${message.replaceAll('\n', '\n    ')}\n`,
    );
  }

  /** Text for people, who read the text format. */
  say(text: string): void {
    if (this.format === 'text') writeToStandardOutput(`${text}\n`);
  }

  /** A part of a line that is written over by the next one; only on a terminal. */
  sayInPlace(text: string): void {
    if (this.format === 'text' && this.isTerminal) writeToStandardOutput(`\r\u001b[K${text}`);
  }

  /** A line that a child wrote. What is not from its logger (a crash of Node itself) gets the child's name in front. */
  childLine(app: string, line: string): void {
    if (line.trim() === '') return;
    if (this.format === 'json') {
      this.#writeChildLine(`${isJsonObject(line) ? line : asJsonLine(app, line)}\n`);
      return;
    }
    const level = /^\d{4}-\d\d-\d\dT\S+ \S+\s+(\w+)/.exec(line)?.[1];
    const shown = level === undefined ? `${app.padEnd(13)} | ${line}` : line;
    if (this.#heldBack !== undefined && level === 'info') this.#heldBack.push(shown);
    else this.#writeChildLine(`${shown}\n`);
  }

  /** The start went well: what the apps said about themselves meanwhile is in the panel, from here on every line is shown. */
  endQuiet(): void {
    this.#heldBack = undefined;
  }

  /** The start failed: the reader needs everything. */
  showHeldBack(): void {
    for (const line of this.#heldBack ?? []) this.#writeChildLine(`${line}\n`);
    this.#heldBack = undefined;
  }
}

/** For the environment of `npm start`. */
export function standardOutput(env: NodeJS.ProcessEnv): Output {
  return new Output({
    format: env.LOG_FORMAT === 'json' ? 'json' : 'text',
    isQuietAtStart: !['debug', 'trace'].includes(env.LOG_LEVEL ?? ''),
  });
}

function writeToStandardOutput(text: string): void {
  process.stdout.write(text);
}

function isJsonObject(line: string): boolean {
  if (!line.startsWith('{')) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function asJsonLine(app: string, message: string): string {
  return JSON.stringify({ level: 'warn', time: new Date().toISOString(), app, message });
}
