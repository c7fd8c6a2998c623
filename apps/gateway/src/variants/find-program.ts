import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** Where a program is: a path is taken as it is, a name is looked for. Undefined when it cannot be run. */
export async function findProgram(nameOrPath: string, searchPath: string): Promise<string | undefined> {
  const candidates = isAbsolute(nameOrPath)
    ? [nameOrPath]
    : searchPath.split(delimiter).flatMap((folder) => (isAbsolute(folder) ? [join(folder, nameOrPath)] : []));
  for (const candidate of candidates) {
    const isRunnable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isRunnable) return candidate;
  }
  return undefined;
}
