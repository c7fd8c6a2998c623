import path from 'node:path';
import { root } from '../infra/paths.mts';

/** A path as the reader of a message knows it: short inside the checkout, whole elsewhere. */
export function shownPath(file: string): string {
  const relative = path.relative(root, file);
  return relative.startsWith('..') ? file : relative || '.';
}
