/** How a log record looks to people. */
export interface LogRecord extends Record<string, unknown> {
  readonly level: string;
  readonly time: string;
  readonly app: string;
  readonly message?: string;
}

const SHOWN_FRAMES = 4;

/** One record as one readable line: time, app, level, message, then `key=value` fields. */
export function formatLogLine(record: LogRecord): string {
  const { time, app, level, message, ...fields } = record;
  const head = `${time} ${app.padEnd(13)} ${level.padEnd(5)} ${escapeControls(message ?? '')}`;
  const tail = Object.entries(fields).flatMap(([name, value]) => formatField(name, value, level));
  return [head, ...tail].join(' ');
}

function formatField(name: string, value: unknown, level: string): string[] {
  if (value === undefined) return [];
  if (isErrorRecord(value)) return formatError(name, value, level);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return [`${escapeControls(name)}=${quoteIfNeeded(text)}`];
}

interface ErrorRecord {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
  readonly code?: unknown;
}

function isErrorRecord(value: unknown): value is ErrorRecord {
  return typeof value === 'object' && value !== null && 'stack' in value && 'message' in value && 'type' in value;
}

function formatError(name: string, error: ErrorRecord, level: string): string[] {
  const code = error.code === undefined ? '' : ` (${String(error.code)})`;
  const parts = [`${name}=${quoteIfNeeded(`${error.type}${code}: ${error.message}`)}`];
  // A warning is an expected failure; only an error needs the place in the code.
  if (level === 'error' || level === 'fatal') parts.push(`at=${quoteIfNeeded(firstFrames(error.stack))}`);
  return parts;
}

function firstFrames(stack: string): string {
  const frames = stack.split('\n').flatMap((line) => /^\s+at (.+)$/.exec(line)?.[1] ?? []);
  return frames.slice(0, SHOWN_FRAMES).join(' < ');
}

function quoteIfNeeded(text: string): string {
  if (/^[^\s"=\\]+$/.test(text) && escapeControls(text) === text) return text;
  return `"${escapeControls(text).replaceAll('"', '\\"')}"`;
}

/** A line that a client can break in two is a line that a client can forge. */
function escapeControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    if (character === '\t') return '\\t';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
