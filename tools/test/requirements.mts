import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { Level } from './levels.mts';

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
}

export function findRequirements(): Requirement[] {
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

function firstProgram(candidates: (string | undefined)[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return candidates
    .flatMap((candidate) => {
      if (!candidate) return [];
      return path.isAbsolute(candidate) ? [candidate] : folders.map((folder) => path.join(folder, candidate));
    })
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
