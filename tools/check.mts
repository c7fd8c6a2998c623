// `npm run check`: format, lint, types, package graph, file sizes, documents and deployment files. Prints one line a check and
// ends with exit code 1 when any of them found something. Arguments name single checks: `npm run check -- graph docs`.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { checkCompose } from './check/compose.mts';
import { checkDocuments } from './check/documents.mts';
import { checkFileSizes } from './check/file-sizes.mts';
import { checkKubernetes } from './check/kubernetes.mts';
import { checkOpenApi } from './check/openapi.mts';
import { checkPackageGraph } from './check/package-graph.mts';

const root = path.join(import.meta.dirname, '..');

function run(command: string, args: string[]): string[] {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', env: { ...process.env, FORCE_COLOR: '0' } });
  if (result.status === 0) return [];
  return [
    `${command} ${args.join(' ')} failed:`,
    result.error?.message ?? '',
    result.stdout ?? '',
    result.stderr ?? '',
  ].filter(Boolean);
}

const checks: Record<string, () => string[] | Promise<string[]>> = {
  format: () => run('biome', ['ci', '--colors=off', '--max-diagnostics=40', '.']),
  types: () => [
    ...run('turbo', ['run', 'build', 'typecheck', '--output-logs=errors-only', '--concurrency=2']),
    ...run('tsc', ['-p', 'tools/tsconfig.json']),
  ],
  graph: () => checkPackageGraph(root),
  sizes: () => checkFileSizes(root),
  documents: async () => [...(await checkDocuments(root)), ...(await checkOpenApi(root))],
  compose: () => checkCompose(root),
  kubernetes: () => checkKubernetes(root),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(checks, name));
if (unknown.length > 0) {
  console.error(`There is no check "${unknown.join('", "')}". Choose from: ${Object.keys(checks).join(', ')}.`);
  process.exit(64);
}

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const startedAt = performance.now();
  const problems = await check();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(12)} ${seconds} s`);
  for (const problem of problems) console.log(`       ${problem}`);
  if (problems.length > 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
