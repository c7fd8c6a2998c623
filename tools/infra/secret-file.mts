import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

/** The password kept in `file`, made on first use. Without one, every user of the machine could command the server. */
export function passwordIn(file: string): string {
  try {
    writeFileSync(file, randomBytes(16).toString('hex'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const password = readFileSync(file, 'utf8').trim();
  if (password === '')
    throw new Error(`${file} is empty; delete the folder it lies in (npm run db:reset) and start again.`);
  return password;
}
