// Documents say what is: links lead somewhere, commands exist, every error code and every environment variable is written down.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { sourceFiles } from './source-files.mts';

export async function checkDocuments(root: string): Promise<string[]> {
  const documents = sourceFiles(root, /\.md$/).filter((file) => existsSync(path.join(root, file)));
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const problems: string[] = [];
  for (const file of documents) {
    const text = readFileSync(path.join(root, file), 'utf8');
    problems.push(...brokenLinks(root, file, text), ...unknownCommands(file, text, manifest.scripts));
  }
  for (const required of [
    'README.md',
    'ARCHITECTURE.md',
    'docs/errors.md',
    'docs/configuration.md',
    'docs/operations.md',
  ]) {
    if (!documents.includes(required)) problems.push(`${required} is missing`);
  }
  return [
    ...problems,
    ...(await undocumentedErrors(root)),
    ...(await undocumentedSettings(root)),
    ...undocumentedVariables(root),
  ];
}

function brokenLinks(root: string, file: string, text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^(https?:|mailto:|#)/.test(target)) return [];
    const local = path.join(root, path.dirname(file), target.split('#')[0] ?? '');
    return existsSync(local) ? [] : [`${file}: the link to ${target} leads nowhere`];
  });
}

function unknownCommands(file: string, text: string, scripts: Record<string, string>): string[] {
  return [...text.matchAll(/npm run ([a-z][\w:-]*)/g)].flatMap(([, name = '']) =>
    Object.hasOwn(scripts, name) ? [] : [`${file}: there is no command "npm run ${name}"`],
  );
}

async function undocumentedErrors(root: string): Promise<string[]> {
  const { errorRegistry } = (await import('@reelay/contracts/errors')) as {
    errorRegistry: Record<string, { status: number }>;
  };
  const text = read(root, 'docs/errors.md');
  const documented = [...text.matchAll(/^\| `(\w+)` \| (\d{3}) \|/gm)].map(([, code, status]) => `${code} ${status}`);
  const registered = Object.entries(errorRegistry).map(([code, { status }]) => `${code} ${status}`);
  return [
    ...registered.filter((row) => !documented.includes(row)).map((row) => `docs/errors.md lacks the row of ${row}`),
    ...documented
      .filter((row) => !registered.includes(row))
      .map((row) => `docs/errors.md has ${row}, which no code gives`),
  ];
}

async function undocumentedSettings(root: string): Promise<string[]> {
  const { defaultSettings } = (await import('@reelay/contracts/settings')) as {
    defaultSettings: Record<string, number | boolean | string | object>;
  };
  const text = read(root, 'docs/configuration.md');
  const documented = [...text.matchAll(/^\| `([a-z]+\.\w+)` \| (\S+) \|/gm)].map(([, key, value]) => `${key} ${value}`);
  const written = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
  const known = Object.entries(defaultSettings).map(([key, value]) => `${key} ${written(value)}`);
  return [
    ...known
      .filter((row) => !documented.includes(row))
      .map((row) => `docs/configuration.md lacks the row of the setting and its default: ${row}`),
    ...documented
      .filter((row) => !known.includes(row))
      .map((row) => `docs/configuration.md has the setting and default ${row}, which nothing reads`),
  ];
}

/** Names in capitals that an app's configuration schema reads. */
function undocumentedVariables(root: string): string[] {
  const text = read(root, 'docs/configuration.md');
  const files = sourceFiles(
    root,
    /^apps\/[^/]+\/src\/(config|main|configuration)\.ts$|^packages\/platform\/src\/config\.ts$/,
  );
  const names = new Set(
    files.flatMap((file) => [...read(root, file).matchAll(/^\s+([A-Z][A-Z0-9_]{3,}):/gm)].map(([, name = '']) => name)),
  );
  return [...names].flatMap((name) =>
    text.includes(`\`${name}\``) ? [] : [`docs/configuration.md lacks the variable ${name}`],
  );
}

function read(root: string, file: string): string {
  const full = path.join(root, file);
  return existsSync(full) ? readFileSync(full, 'utf8') : '';
}
