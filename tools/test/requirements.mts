import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { Level } from './levels.mts';
import { findOpenaiPython, openaiPythonVersion } from './openai-python.mts';

/** A program that some tests need and a machine may lack. */
export interface Requirement {
  name: string;
  /** How the tests are told where it is. */
  variable: string;
  /** Undefined where the machine has none. */
  program: string | undefined;
  level: Level;
  /** Not the whole level needs it but the files whose names match. */
  files?: string;
  /** What is not run without it, and what to do. */
  without: string;
  /** Said but no failure, also in CI: not every machine can have it. */
  isOptional?: boolean;
}

export function findRequirements(chosen: readonly Level[]): Requirement[] {
  return [
    {
      name: 'Chromium',
      variable: 'CHROMIUM_PATH',
      program: findChromium(),
      level: 'browser',
      without: 'the browser tests: no Chromium (Debian: apt-get install chromium; or set CHROMIUM_PATH)',
    },
    {
      name: 'ffprobe',
      variable: 'FFPROBE_PATH',
      program: firstProgram([process.env.FFPROBE_PATH, 'ffprobe']),
      level: 'e2e',
      files: '\\.ffprobe\\.test\\.ts$',
      without:
        'the check of videos by a foreign decoder: no ffprobe (Debian: apt-get install ffmpeg; or set FFPROBE_PATH)',
    },
    {
      name: 'ffmpeg',
      variable: 'FFMPEG_PATH',
      program: firstProgram([process.env.FFMPEG_PATH, 'ffmpeg']),
      level: 'integration',
      files: '\\.ffmpeg\\.int\\.test\\.ts$',
      without: 'the pictures that are made of videos: no ffmpeg (Debian: apt-get install ffmpeg; or set FFMPEG_PATH)',
    },
    {
      name: 'Python with requests',
      variable: 'PYTHON_PATH',
      program: findPython(),
      level: 'e2e',
      files: '\\.python\\.test\\.ts$',
      without:
        'the Python program of a user: no Python that can import requests (Debian: apt-get install python3-requests; or set PYTHON_PATH)',
    },
    {
      name: 'the official python SDK',
      variable: 'OPENAI_PYTHON_PATH',
      // Looking for it may install it.
      program: chosen.includes('e2e') ? findOpenaiPython(firstProgram(['python3', '/usr/bin/python3'])) : undefined,
      level: 'e2e',
      files: '\\.openai-python\\.test\\.ts$',
      without: `the contract with the official python SDK: no Python with openai ${openaiPythonVersion}, and pip cannot install it (Debian: apt-get install python3-venv; or set OPENAI_PYTHON_PATH)`,
      isOptional: true,
    },
    {
      name: 'microsocks',
      variable: 'MICROSOCKS_PATH',
      program: firstProgram([process.env.MICROSOCKS_PATH, 'microsocks']),
      level: 'unit',
      files: '\\.microsocks\\.test\\.ts$',
      without:
        'the calls through a foreign SOCKS5 proxy: no microsocks (Debian: apt-get install microsocks; or set MICROSOCKS_PATH)',
    },
  ];
}

function findChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
  return firstProgram([
    process.env.CHROMIUM_PATH,
    ...names,
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ]);
}

/** The first Python may be one of the user's own that lacks the library the system's has. */
function findPython(): string | undefined {
  return programs([process.env.PYTHON_PATH, 'python3', '/usr/bin/python3']).find(
    (program) => spawnSync(program, ['-c', 'import requests'], { stdio: 'ignore' }).status === 0,
  );
}

function firstProgram(candidates: (string | undefined)[]): string | undefined {
  return programs(candidates)[0];
}

function programs(candidates: (string | undefined)[]): string[] {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return candidates
    .flatMap((candidate) => {
      if (!candidate) return [];
      return path.isAbsolute(candidate) ? [candidate] : folders.map((folder) => path.join(folder, candidate));
    })
    .filter(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
