// The build of one package or app, called in its folder: src/**/*.ts → dist/**/*.js, a file at a time and without looking at types, which
// takes a quarter of the time. Types are checked for all of them together by `npm run check -- types`, from the sources.
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire, enableCompileCache } from 'node:module';
import path from 'node:path';
import type { CompilerOptions, Diagnostic } from 'typescript';
import { cacheDir } from './infra/paths.mts';
import { isTestCode } from './infra/test-code.mts';

// Every package loads the same compiler: the first one leaves its machine code to the others.
enableCompileCache(path.join(cacheDir, 'compiler'));
const ts: typeof import('typescript') = createRequire(import.meta.url)('typescript');

const options = compilerOptions();
const made = new Map<string, string>();
const problems: Diagnostic[] = [];

for (const file of globSync('src/**/*.ts').sort()) if (!isTestCode(file)) compile(file);
const host = { getCanonicalFileName: String, getCurrentDirectory: () => process.cwd(), getNewLine: () => '\n' };
if (problems.length > 0) {
  console.error(ts.formatDiagnostics(problems, host));
  process.exit(1);
}
for (const [file, text] of made) write(file, text);
// What has no source any more would still be found by imports. A build that turbo takes from its cache does not come here and leaves it.
for (const file of globSync('dist/**/*', { withFileTypes: true })) {
  const found = path.join(file.parentPath, file.name);
  if (file.isFile() && !made.has(path.relative(process.cwd(), found))) rmSync(found);
}

function compile(file: string): void {
  const target = path.join('dist', path.relative('src', file)).replace(/\.ts$/, '.js');
  const source = path.relative(path.dirname(target), file);
  const { outputText, sourceMapText, diagnostics } = ts.transpileModule(readFileSync(file, 'utf8'), {
    ...{ compilerOptions: options, fileName: path.resolve(file), reportDiagnostics: true },
  });
  problems.push(...(diagnostics ?? []));
  made.set(target, outputText);
  made.set(`${target}.map`, JSON.stringify({ ...(JSON.parse(sourceMapText ?? '{}') as object), sources: [source] }));
}

/** What has not changed is left alone: an app that runs may be reading it. */
function write(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function compilerOptions(): CompilerOptions {
  const file = path.join(import.meta.dirname, '..', 'tsconfig.base.json');
  const { config, error } = ts.readConfigFile(file, ts.sys.readFile) as { config?: object; error?: Diagnostic };
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, '\n'));
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, path.dirname(file));
  return { ...parsed.options, sourceMap: true, noEmit: false, declaration: false, incremental: false };
}
