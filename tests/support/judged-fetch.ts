/** `fetch` for the clients of tests: what a gateway answers in JSON must fit the description of its route. */
import type { ClientRoute } from '@reelay/contracts/openai-api/client-route';
import { clientRoutes } from '@reelay/contracts/openai-api/client-routes';
import { type GivenAnswer, judgeAnswer } from '@reelay/testing/judge-answer';

const plainFetch = globalThis.fetch;

/** An answer that is not as described. */
export class UnfitAnswer extends Error {}

/** @throws UnfitAnswer */
export const judgedFetch: typeof fetch = async (input, init) => {
  const response = await plainFetch(input, init);
  const { pathname } = new URL(input instanceof Request ? input.url : input);
  const { status, headers, redirected } = response;
  const contentType = headers.get('content-type') ?? '';
  if (redirected || !pathname.startsWith('/v1/') || !contentType.startsWith('application/json')) return response;
  const method = (init?.method ?? (input instanceof Request ? input.method : 'GET')).toUpperCase();
  const body = await response.clone().text();
  const problems = judgeAnswerTo(method, pathname, { status, contentType, body, isWhole: true });
  if (problems.length === 0) return response;
  const what = problems.slice(0, 5).join('; ');
  throw new UnfitAnswer(`${method} ${pathname} → ${status} does not fit its description: ${what}`);
};

/** What is wrong with it, in sentences. */
export function judgeAnswerTo(method: string, pathname: string, answer: Omit<GivenAnswer, 'hasBody'>): string[] {
  const hasBody = method !== 'HEAD';
  return judgeAnswer(routeOf(hasBody ? method : 'GET', pathname), { ...answer, hasBody });
}

/** As a router finds it: names of the path come before ids. */
function routeOf(method: string, pathname: string): ClientRoute | undefined {
  const open = ({ path }: ClientRoute) => path.split(/[:*]/).length;
  return clientRoutes
    .filter((route) => route.method === method && matches(route.path, pathname))
    .sort((one, other) => open(one) - open(other))[0];
}

function matches(pattern: string, pathname: string): boolean {
  const expression = pattern.replace(/:\w+/g, '[^/]+').replace('*', '.+');
  return new RegExp(`^${expression}$`).test(pathname);
}
