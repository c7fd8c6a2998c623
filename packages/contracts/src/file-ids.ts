/** Ids of files as clients know them: `file-` and a ULID. */
import { isUlid } from './ids.js';

const prefix = 'file-';

export function publicFileId(ulid: string): string {
  return `${prefix}${ulid}`;
}

/** The ULID, or undefined when it is none of ours. */
export function parseFileId(text: string): string | undefined {
  const ulid = text.startsWith(prefix) ? text.slice(prefix.length).toUpperCase() : '';
  return isUlid(ulid) ? ulid : undefined;
}
