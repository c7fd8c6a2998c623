#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
// Stands in for the `schema-engine` program that Prisma's command line would download: the same JSON-RPC over standard input
// and output, answered by Prisma's own WebAssembly build of the engine from the npm registry, over `pg`. Development only.
// The warning that is switched off is about importing a WebAssembly module.
import { parseArgs } from 'node:util';
import { databaseCommand } from './prisma-engine/database-command.mts';
import { createEngine } from './prisma-engine/engine.mts';
import { serve } from './prisma-engine/serve.mts';

const { values, positionals } = parseArgs({
  strict: false,
  options: {
    datamodels: { type: 'string', multiple: true },
    datasource: { type: 'string' },
    version: { type: 'boolean' },
  },
});

const datasource = JSON.parse(String(values.datasource ?? '{}')) as { url?: string };
// Some commands only compare files; the engine wants an address all the same and never connects to it.
const url = datasource.url || process.env.DATABASE_URL || 'postgresql://127.0.0.1/none';

if (values.version) console.log('schema-engine-cli wasm');
else if (positionals[0] === 'cli') await databaseCommand(positionals[1] ?? '', url);
else serve(() => createEngine(url, (values.datamodels ?? []).map(String)));
