import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import { panic } from './engine.mts';

interface Message {
  id: number;
  method?: string;
  params?: unknown;
}

/** Answers the JSON-RPC requests of Prisma's command line, one per line, until it closes the input. */
export function serve(openEngine: () => Promise<SchemaEngine>): void {
  let engine: Promise<SchemaEngine> | undefined;
  const printed = new Map<number, () => void>();
  const open = new Set<number>();
  // A panic unwinds through the engine's own scheduler past every await. Unanswered, Prisma would end in silence with code 0.
  process.on('uncaughtException', (error) => {
    for (const id of open) send({ id, error: asRpcError(error) });
    process.exitCode = 101;
    process.stdin.destroy();
  });
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      if (line.trim() === '') return;
      const message = JSON.parse(line) as Message;
      if (message.method === undefined) printed.get(message.id)?.();
      else {
        open.add(message.id);
        answer(message, () => (engine ??= openEngine()), printed).finally(() => open.delete(message.id));
      }
    })
    .on('close', () => process.exit(0));
}

async function answer(
  { id, method = '', params }: Message,
  engine: () => Promise<SchemaEngine>,
  printed: Map<number, () => void>,
): Promise<void> {
  try {
    const result = await call(await engine(), method, params);
    if (method === 'diff') await print(result, printed);
    send({ id, result: result ?? null });
  } catch (error) {
    send({ id, error: asRpcError(error) });
  }
}

async function call(engine: SchemaEngine, method: string, params: unknown): Promise<unknown> {
  if (method === 'getDatabaseDescription') return '';
  // The binary's name for this one differs from the WebAssembly build's.
  const name = method === 'getDatabaseVersion' ? 'version' : method;
  const handler = (engine as unknown as Record<string, unknown>)[name];
  if (typeof handler !== 'function') throw new Error(`The schema engine has no method ${method}.`);
  return handler.call(engine, params);
}

/** The command line expects the text of a diff as a request to print it, and prints nothing of the result itself. */
async function print(result: unknown, printed: Map<number, () => void>): Promise<void> {
  const content = (result as { stdout?: string } | undefined)?.stdout;
  if (!content) return;
  const id = 1_000_000 + printed.size;
  const isPrinted = new Promise<void>((resolve) => {
    printed.set(id, resolve);
  });
  send({ id, method: 'print', params: { content } });
  // Not every command confirms; it has the text as soon as the line is through.
  await Promise.race([isPrinted, delay(500)]);
}

function asRpcError(error: unknown): object {
  const isPanic = error instanceof Error && error.name === 'RuntimeError';
  const { message, code, meta } = (error ?? {}) as { message?: string; code?: string; meta?: object };
  return {
    code: 4466,
    message: 'An error happened. Check the data field for details.',
    data: {
      is_panic: isPanic,
      message: (isPanic && panic.message) || (message ?? String(error)),
      meta: meta ?? {},
      error_code: code,
    },
  };
}

function send(message: object): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}
