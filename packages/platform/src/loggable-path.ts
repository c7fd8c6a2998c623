/** The path of a request as a log may have it: keys are pasted into addresses, and into the place of an id. */

/** `chatcmpl-` and a ULID, or the file of one; every key that is worth its name is longer. */
const longestSegment = 36;

/** `isRoute`: whether the router knew it. What it did not know may be anything, so nothing of it is repeated. */
export function loggablePath(url: string | undefined, isRoute: boolean): string {
  if (!isRoute) return '(no such route)';
  const path = url?.split('?', 1)[0] ?? '';
  return path
    .split('/')
    .map((segment) => (segment.length > longestSegment ? `(${segment.length} characters)` : segment))
    .join('/');
}
