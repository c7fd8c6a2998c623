// Who may import whom. Reads every package.json and every import, and names each arrow that the table does not allow.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isTestCode } from '../infra/test-code.mts';
import { sourceFiles } from './source-files.mts';

interface Rule {
  /** Packages that product code may import. */
  may: readonly string[];
  /** Packages that tests beside the code may import as well. */
  testsMay?: readonly string[];
}

const rules: Record<string, Rule> = {
  contracts: { may: [], testsMay: ['testing'] },
  pow: { may: [], testsMay: ['testing'] },
  platform: { may: ['contracts'], testsMay: ['testing'] },
  db: { may: ['contracts'], testsMay: ['testing'] },
  providers: { may: ['contracts'], testsMay: ['testing'] },
  testing: { may: ['contracts'] },
  gateway: { may: ['contracts', 'platform', 'db'], testsMay: ['testing'] },
  worker: { may: ['contracts', 'platform', 'db', 'pow', 'providers'], testsMay: ['testing'] },
  'token-manager': { may: ['contracts', 'platform', 'db', 'providers'], testsMay: ['testing'] },
  simulator: { may: ['platform'], testsMay: ['testing'] },
};
/** May import everything; nothing imports them. */
const outermost = ['tests', 'bench', 'tools'];

export function checkPackageGraph(root: string): string[] {
  const problems: string[] = [];
  for (const file of sourceFiles(root, /^(apps|packages)\/[^/]+\/package\.json$/)) {
    problems.push(...checkManifest(root, file));
  }
  for (const file of sourceFiles(root, /^(apps|packages)\/[^/]+\/src\/.*\.tsx?$/)) {
    if (existsSync(path.join(root, file))) problems.push(...checkImports(root, file));
  }
  return problems;
}

function checkManifest(root: string, file: string): string[] {
  const name = file.split('/')[1] ?? '';
  const rule = rules[name];
  if (!rule) return [`${file}: package "${name}" is not in the table of tools/check/package-graph.mts`];
  const manifest = JSON.parse(readFileSync(path.join(root, file), 'utf8')) as Record<
    string,
    Record<string, string> | undefined
  >;
  const wrong = (field: string, allowed: readonly string[]) =>
    ownPackages(Object.keys(manifest[field] ?? {}))
      .filter((dependency) => !allowed.includes(dependency))
      .map((dependency) => `${file}: ${field} may not name ${dependency}`);
  return [...wrong('dependencies', rule.may), ...wrong('devDependencies', [...rule.may, ...(rule.testsMay ?? [])])];
}

function checkImports(root: string, file: string): string[] {
  const name = file.split('/')[1] ?? '';
  const rule = rules[name];
  if (!rule) return [];
  const allowed = isTestCode(file) ? [...rule.may, ...(rule.testsMay ?? []), name] : rule.may;
  const text = readFileSync(path.join(root, file), 'utf8');
  const problems: string[] = [];
  for (const match of text.matchAll(/(?:from|import|require\()\s*\(?\s*['"]([^'"]+)['"]/g)) {
    const specifier = match[1] ?? '';
    const [dependency] = ownPackages([specifier]);
    if (dependency !== undefined && !allowed.includes(dependency))
      problems.push(`${file}: may not import ${specifier}`);
    if (specifier.startsWith('.')) {
      const target = path.posix.join(path.posix.dirname(file), specifier);
      const home = file.split('/').slice(0, 2).join('/');
      if (!target.startsWith(`${home}/`)) problems.push(`${file}: reaches out of its package by ${specifier}`);
    }
    // It is there for the compiler, but not in what is built.
    if (!isTestCode(file) && isTestCode(sourceOf(specifier, file)))
      problems.push(`${file}: may not import ${specifier}, which is not built`);
  }
  return problems;
}

/** Where what is imported stands: of ours as the `exports` of packages say, of others nowhere. */
function sourceOf(specifier: string, from: string): string {
  if (specifier.startsWith('.')) return path.posix.join(path.posix.dirname(from), specifier.replace(/\.js$/, '.ts'));
  const [, name, inner] = /^@reelay\/([^/]+)\/(.+)$/.exec(specifier) ?? [];
  return name === undefined ? '' : `packages/${name}/src/${inner}.ts`;
}

function ownPackages(names: readonly string[]): string[] {
  const short = names.flatMap((name) => /^@reelay\/([^/]+)/.exec(name)?.[1] ?? []);
  const unknown = short.filter((name) => !Object.hasOwn(rules, name) && !outermost.includes(name));
  if (unknown.length > 0) throw new Error(`unknown package @reelay/${unknown[0]}`);
  return short;
}
