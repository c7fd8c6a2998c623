/** `fetch` for the clients of tests: what a gateway answers must fit the description of its route. */
import { adminRoutes } from '@reelay/contracts/admin-api/admin-routes';
import { clientRoutes } from '@reelay/contracts/openai-api/client-routes';
import { type GivenAnswer, judgeAdminAnswer, judgeAnswer } from '@reelay/testing/judge-answer';

const plainFetch = globalThis.fetch;

/** An answer that is not as described. */
export class UnfitAnswer extends Error {}

/** What was wrong since the file began: a client that tries again may have hidden it. */
export const unfitAnswers: string[] = [];

/** @throws UnfitAnswer */
export const judgedFetch: typeof fetch = async (input, init) => {
  const response = await plainFetch(input, init);
  const { pathname } = new URL(input instanceof Request ? input.url : input);
  const { status, headers, redirected, ok } = response;
  const contentType = headers.get('content-type') ?? '';
  const method = (init?.method ?? (input instanceof Request ? input.method : 'GET')).toUpperCase();
  // Streams are read by who asked for them, as they come.
  if (redirected || !isDescribed(pathname) || (ok && contentType.startsWith('text/event-stream'))) return response;
  // The bytes of a file are described by nothing.
  const body = contentType.startsWith('application/json') ? await response.clone().text() : '';
  const problems = judgeAnswerTo(method, pathname, { status, contentType, body, isWhole: true });
  if (problems.length === 0) return response;
  const what = `${method} ${pathname} → ${status} does not fit its description: ${problems.slice(0, 5).join('; ')}`;
  unfitAnswers.push(what);
  throw new UnfitAnswer(what);
};

/** Whether the document of the API, or of the admin's, has something to say of it. */
export function isDescribed(pathname: string): boolean {
  return pathname.startsWith('/v1/') || pathname.startsWith('/api/admin/');
}

/** What is wrong with it, in sentences. */
export function judgeAnswerTo(method: string, pathname: string, answer: Omit<GivenAnswer, 'hasBody'>): string[] {
  // What browsers ask beforehand is of every route alike.
  if (method === 'OPTIONS') return [];
  const hasBody = method !== 'HEAD';
  const asked = hasBody ? method : 'GET';
  return pathname.startsWith('/api/')
    ? judgeAdminAnswer(routeOf(adminRoutes, asked, pathname), { ...answer, hasBody })
    : judgeAnswer(routeOf(clientRoutes, asked, pathname), { ...answer, hasBody });
}

/** As a router finds it: names of the path come before ids. */
function routeOf<Route extends { method: string; path: string }>(
  routes: readonly Route[],
  method: string,
  pathname: string,
): Route | undefined {
  const open = ({ path }: Route) => path.split(/[:*]/).length;
  return routes
    .filter((route) => route.method === method && matches(route.path, pathname))
    .sort((one, other) => open(one) - open(other))[0];
}

function matches(pattern: string, pathname: string): boolean {
  const expression = pattern.replace(/:\w+/g, '[^/]+').replace('*', '.+');
  return new RegExp(`^${expression}$`).test(pathname);
}
