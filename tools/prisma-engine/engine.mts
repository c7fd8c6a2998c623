import { readFileSync } from 'node:fs';
import { SchemaEngine } from '@prisma/schema-engine-wasm';
import { postgresAdapter } from './postgres-adapter.mts';

/** The last words of a crashed engine, for the error message. */
export const panic = { message: '' };

/** Starts the schema engine on the database of `url`, with the schema files that Prisma named on the command line. */
export async function createEngine(url: string, datamodels: string[]): Promise<SchemaEngine> {
  // The engine calls this global from its panic hook; without it a panic hides its own message.
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: {
      set_message: (message: string) => {
        panic.message = message;
      },
    },
  });
  const models = datamodels.map((file): [string, string] => [file, readFileSync(file, 'utf8')]);
  const log = (line: unknown) => {
    if (process.env.DEBUG?.includes('schema-engine')) process.stderr.write(`${line}\n`);
  };
  return SchemaEngine.new({ datamodels: models.length > 0 ? models : undefined }, log, postgresAdapter(url));
}
