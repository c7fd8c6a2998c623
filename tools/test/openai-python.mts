/** A Python that has the official OpenAI SDK: the one named, else an environment of our own, made once where the machine can have it. */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cacheDir } from '../infra/paths.mts';

export const openaiPythonVersion = '3.22.1';
const installTimeoutMs = 120_000;

export function findOpenaiPython(python: string | undefined): string | undefined {
  const named = process.env.OPENAI_PYTHON_PATH;
  if (named !== undefined) return hasSdk(named) ? named : undefined;
  const folder = path.join(cacheDir, `openai-python-${openaiPythonVersion}`);
  const own = path.join(folder, 'bin', 'python');
  if (hasSdk(own)) return own;
  if (python === undefined) return undefined;
  const isMade = succeeds(python, ['-m', 'venv', '--clear', folder]) && install(own) && hasSdk(own);
  if (isMade) return own;
  rmSync(folder, { recursive: true, force: true });
  return undefined;
}

function install(python: string): boolean {
  console.log(`installing the python SDK ${openaiPythonVersion} into ${path.relative(process.cwd(), cacheDir)}`);
  const packages = [`openai==${openaiPythonVersion}`];
  return succeeds(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
}

function hasSdk(python: string): boolean {
  if (!existsSync(python)) return false;
  const question = `import openai, sys; sys.exit(openai.__version__ != '${openaiPythonVersion}')`;
  return succeeds(python, ['-c', question]);
}

function succeeds(program: string, args: string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore', timeout: installTimeoutMs }).status === 0;
}
