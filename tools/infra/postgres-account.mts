import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

const nobody = 65_534;
const dataPrefix = '/var/tmp/reelay-data-';
// To nobody, because initdb looks its user up in /etc/passwd, and that one is in every such file.
const asMappedUser = ['unshare', '--user', `--map-user=${nobody}`, `--map-group=${nobody}`, '--'];

/** As whom PostgreSQL runs, and where its files are for that user. */
export interface PostgresAccount {
  wrap: string[];
  options: { uid?: number; gid?: number };
  native: string;
  dataDir: string;
  /** Gives a file or folder to the account. */
  own(file: string): void;
}

/**
 * PostgreSQL refuses to run as root. As an ordinary user there is nothing to do. As root a user namespace maps root to
 * another id, so that files stay root's; where namespaces are forbidden it runs as `nobody`, with programs and data in
 * /var/tmp because a checkout under /root cannot be reached by anybody else.
 */
export function postgresAccount(native: string, dataDir: string): PostgresAccount {
  if (process.getuid?.() !== 0) return { wrap: [], options: {}, native, dataDir, own: () => {} };
  if (!existsSync(locationFile(dataDir)) && unshareWorks()) {
    return { wrap: asMappedUser, options: {}, native, dataDir, own: () => {} };
  }
  return {
    wrap: [],
    options: { uid: nobody, gid: nobody },
    native: copyForNobody(native),
    dataDir: path.join(folderForNobody(dataDir), 'data'),
    own: (file) => chownSync(file, nobody, nobody),
  };
}

function unshareWorks(): boolean {
  return spawnSync('unshare', [...asMappedUser.slice(1), 'true']).status === 0;
}

function copyForNobody(native: string): string {
  // The name follows the content, so that a newer version gets a copy of its own.
  const copy = path.join(
    '/var/tmp',
    `reelay-postgres-${process.arch}-${hash(path.join(native, '..', 'package.json'))}`,
  );
  if (isRoots(copy)) return copy;
  const fresh = mkdtempSync(`${copy}.`);
  cpSync(native, fresh, { recursive: true, verbatimSymlinks: true });
  spawnSync('chmod', ['-R', 'a+rX,go-w', fresh]);
  try {
    renameSync(fresh, copy);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!isRoots(copy)) throw error; // else another process was quicker
  }
  return copy;
}

/** Anyone may create names in /var/tmp: what another user has put there is not trusted. */
function isRoots(folder: string): boolean {
  if (!existsSync(folder)) return false;
  if (lstatSync(folder).uid === 0 && lstatSync(folder).isDirectory()) return true;
  throw new Error(`${folder} belongs to another user; remove it and start again.`);
}

/** `dataDir` then holds nothing but the name of the folder with the data, and that folder the name of `dataDir`. */
function folderForNobody(dataDir: string): string {
  removeAbandoned();
  const location = locationFile(dataDir);
  if (existsSync(location)) return readFileSync(location, 'utf8');
  const folder = mkdtempSync(dataPrefix);
  writeFileSync(path.join(folder, 'origin'), dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  writeFileSync(location, folder);
  chownSync(folder, nobody, nobody); // last: only what is nobody's can be found abandoned
  return folder;
}

/** Data whose `dataDir` has been deleted would never be found again. */
function removeAbandoned(): void {
  for (const name of readdirSync(path.dirname(dataPrefix))) {
    const folder = path.join(path.dirname(dataPrefix), name);
    if (!folder.startsWith(dataPrefix) || lstatSync(folder).uid !== nobody) continue;
    const origin = readFileSync(path.join(folder, 'origin'), 'utf8');
    if (!existsSync(locationFile(origin))) rmSync(folder, { recursive: true, force: true });
  }
}

function locationFile(dataDir: string): string {
  return path.join(dataDir, 'location');
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
