// `npm run check`: format, lint, types, package graph, file sizes, documents and deployment files. Prints one line a check and
// ends with exit code 1 when any of them found something. Arguments name single checks: `npm run check -- graph docs`.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { checkCompose } from './check/compose.mts';
import { checkDocuments } from './check/documents.mts';
import { checkFileSizes } from './check/file-sizes.mts';
import { checkKubernetes } from './check/kubernetes.mts';
import { checkOpenApi } from './check/openapi.mts';
import { checkPackageGraph } from './check/package-graph.mts';

const root = path.join(import.meta.dirname, '..');

async function run(command: string, ...args: string[]): Promise<string[]> {
  try {
    await promisify(execFile)(command, args, {
      ...{ cwd: root, env: { ...process.env, FORCE_COLOR: '0' }, maxBuffer: 100 << 20 },
    });
    return [];
  } catch (error) {
    const { message, stdout, stderr } = error as { message: string; stdout?: string; stderr?: string };
    const said = [stdout ?? '', stderr ?? ''].filter(Boolean);
    return [`${command} ${args.join(' ')} failed:`, ...(said.length > 0 ? said : [message])];
  }
}

/** Apps and packages are one program: what they share is read once. */
async function checkTypes(): Promise<string[]> {
  const built = await run('turbo', 'run', 'build', '--output-logs=errors-only');
  if (built.length > 0) return built;
  const check = (project: string) => run('tsc', '-p', project, '--pretty', 'false');
  const others = async () => [...(await check('tests')), ...(await check('tools')), ...(await check('bench'))];
  return (await Promise.all([check('.'), others()])).flat();
}

const checks: Record<string, () => string[] | Promise<string[]>> = {
  format: () => run('biome', 'ci', '--colors=off', '--max-diagnostics=40', '.'),
  types: checkTypes,
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
