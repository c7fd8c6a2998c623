/** Where the board is, and where its sign-in may lead to. */

export const boardPath = '/admin/queues';
export const signInPath = `${boardPath}/sign-in`;
export const signOutPath = `${boardPath}/sign-out`;

export function signInPathFor(url: string): string {
  const next = safeNext(url);
  return next === boardPath ? signInPath : `${signInPath}?next=${encodeURIComponent(next)}`;
}

/** Only pages of the board, whatever was asked for: a sign-in form that leads elsewhere would lend its good name to strangers. */
export function safeNext(next: unknown): string {
  if (typeof next !== 'string' || next.length > 1_000 || !URL.canParse(next, 'http://here.invalid')) return boardPath;
  const { origin, pathname, search } = new URL(next, 'http://here.invalid');
  const isPage = pathname === boardPath || /^\/admin\/queues\/(?!sign-|static\/|api\/)/.test(pathname);
  return origin === 'http://here.invalid' && isPage ? `${pathname}${search}` : boardPath;
}
