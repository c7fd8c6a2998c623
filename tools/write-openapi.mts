// Writes docs/openapi.json from the routes that contracts/openai-api declares. Run it (after a build) when one was added or changed:
// node tools/write-openapi.mts
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeApi, openApiFile } from './openapi-document.mts';

const root = path.join(import.meta.dirname, '..');
const target = path.join(root, openApiFile);
writeFileSync(target, `${JSON.stringify(await describeApi(root), null, 2)}\n`);
const format = spawnSync(path.join(root, 'node_modules', '.bin', 'biome'), ['format', '--write', target]);
if (format.status !== 0) throw new Error(`biome could not format ${openApiFile}: ${format.stderr}`);
console.log(`${path.relative(process.cwd(), target)} written`);
