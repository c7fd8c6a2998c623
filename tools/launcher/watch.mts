import { createHash } from 'node:crypto';
import { type FSWatcher, globSync, readFileSync, statSync, watch } from 'node:fs';
import path from 'node:path';
import { root } from '../infra/paths.mts';
import { type AppName, appNames } from './app-environment.mts';
import type { Output } from './output.mts';

/** Long enough for an editor that writes several files, or a file in several steps. */
const settleMs = 200;

/**
 * Watches the sources and calls `rebuild` after a change; what it hands over tells, once the build is done, which apps have become
 * different. (`turbo watch` would build, but it does not tell another program when a build is complete and what came of it.)
 */
export function watchSources(rebuild: (changed: () => AppName[]) => Promise<void>, output: Output): void {
  let prints = fingerprints();
  let timer: NodeJS.Timeout | undefined;
  let isBuilding = false;
  let isDirty = false;

  const build = async () => {
    isDirty = true;
    if (isBuilding) return;
    isBuilding = true;
    while (isDirty) {
      isDirty = false;
      await rebuild(() => {
        const before = prints;
        prints = fingerprints();
        return appNames.filter((app) => before[app] !== prints[app]);
      }).catch((error: Error) => output.log('error', error.message));
    }
    isBuilding = false;
  };
  const changed = (file: string) => {
    watchFolders();
    if (!isSource(file)) return;
    clearTimeout(timer);
    timer = setTimeout(() => void build(), settleMs);
  };
  const watchers = new Map<string, FSWatcher>();
  const watchFolders = () => {
    const folders = new Set(sourceFolders());
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of folders) {
      if (!watchers.has(folder))
        watchers.set(
          folder,
          watch(folder).on('change', (_kind, file) => changed(`${file}`)),
        );
    }
  };
  watchFolders();
  output.log('info', 'watching the sources; a changed app is built and restarted');
}

/** Each one by itself: a recursive watch loses files that an editor replaces by renaming a new one over them. */
function sourceFolders(): string[] {
  const patterns = ['{apps,packages}/*/src', '{apps,packages}/*/src/**/', 'prisma', 'prisma/**/'];
  const folders = globSync(patterns, { cwd: root, exclude: (name) => name === 'generated' });
  return [...new Set(folders.map((folder) => path.join(root, folder)))].filter((folder) =>
    statSync(folder).isDirectory(),
  );
}

function isSource(file: string): boolean {
  return !file.includes('.test.') && /\.(tsx?|sql|prisma|json)$/.test(file);
}

/** What each app consists of: its own compiled files and those of the packages it uses, directly or through others. */
function fingerprints(): Record<AppName, string> {
  const prints = new Map<string, string>();
  const print = (folder: string): string => {
    const known = prints.get(folder);
    if (known !== undefined) return known;
    const hash = createHash('sha256');
    for (const file of globSync('dist/**/*.js', { cwd: folder }).sort()) {
      hash.update(file).update(readFileSync(path.join(folder, file)));
    }
    for (const used of ownPackagesOf(folder)) hash.update(print(path.join(root, 'packages', used)));
    const result = hash.digest('hex');
    prints.set(folder, result);
    return result;
  };
  const entries = appNames.map((app) => [app, print(path.join(root, 'apps', app))] as const);
  return Object.fromEntries(entries) as Record<AppName, string>;
}

function ownPackagesOf(folder: string): string[] {
  const { dependencies = {} } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  return Object.keys(dependencies).flatMap((name) =>
    name.startsWith('@reelay/') ? [name.slice('@reelay/'.length)] : [],
  );
}
