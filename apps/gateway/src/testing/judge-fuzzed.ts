/** What an answer must be, whatever was asked. */
import type { AdminRoute } from '@reelay/contracts/admin-api/admin-route';
import { adminRoutes } from '@reelay/contracts/admin-api/admin-routes';
import { errorBodySchema } from '@reelay/contracts/openai-api/answer-parts';
import { clientRoutes } from '@reelay/contracts/openai-api/client-routes';
import { judgeAnswer } from '@reelay/testing/judge-answer';
import type { FuzzRequest } from '../fuzz/fuzz-request.js';
import type { FuzzOperation } from '../fuzz/operations.js';
import type { RawAnswer } from '../fuzz/read-answer.js';

/** What every path may answer, documented or not: no such route or method, no readable request, too large headers. */
const ofEveryPath = [400, 404, 405, 413];
/** Nothing is away, but upstream accounts and the end of what is waited for. Of the admin API the token-manager is, and nothing else. */
const expectedFailures: Readonly<Record<FuzzOperation['audience'], (error: ErrorSaid) => boolean>> = {
  client: ({ code }) => code === 'still_running' || code === 'no_account_in_service',
  admin: ({ code, message }) => code === 'service_unavailable' && message.includes('token-manager'),
  public: () => false,
};

interface ErrorSaid {
  code: string | null;
  message: string;
}

/** In sentences; none is good. */
export function judgeFuzzed(operation: FuzzOperation, request: FuzzRequest, answer: RawAnswer): string[] {
  const { status, headers } = answer;
  const problems = status >= 400 ? judgeRefusal(operation, request, answer) : judgeSuccess(operation, request, answer);
  if (headers['x-request-id'] === undefined) problems.push('it has no x-request-id');
  return problems;
}

function judgeRefusal(operation: FuzzOperation, { parts }: FuzzRequest, answer: RawAnswer): string[] {
  const { status, headers, body } = answer;
  const documented = Object.keys(operation.described?.responses ?? {}).map(Number);
  const problems: string[] = [];
  // Nobody says beforehand how pages and the board refuse, only in which shape.
  if (operation.described && ![...documented, ...ofEveryPath].includes(status))
    problems.push(`the status ${status} is not documented`);
  if (parts.method === 'HEAD')
    return status >= 500 && !hasExpected504(operation, status) ? [...problems, `it failed with ${status}`] : problems;
  if (!/^application\/json(;|$)/.test(headers['content-type'] ?? ''))
    return [...problems, `its error is ${headers['content-type']}`];
  const error = errorIn(body);
  if (!error) return [...problems, `its error has another shape: ${body.toString('utf8', 0, 300)}`];
  if (status >= 500 && !expectedFailures[operation.audience](error))
    problems.push(`it failed: ${error.code}: ${error.message}`);
  return problems;
}

function hasExpected504({ audience }: FuzzOperation, status: number): boolean {
  return audience !== 'public' && (status === 503 || status === 504);
}

function errorIn(body: Buffer): ErrorSaid | undefined {
  try {
    const parsed = errorBodySchema.safeParse(JSON.parse(body.toString()));
    return parsed.success ? (parsed.data.error as ErrorSaid) : undefined;
  } catch {
    return undefined;
  }
}

function judgeSuccess(operation: FuzzOperation, { parts }: FuzzRequest, answer: RawAnswer): string[] {
  const { status, headers } = answer;
  const contentType = headers['content-type'] ?? '';
  const body = answer.body.toString();
  const path = parts.target.split(/[?#]/, 1)[0] ?? '';
  // What browsers ask beforehand is of every route alike.
  if (parts.method === 'OPTIONS' && status === 204) return [];
  if (operation.audience === 'client') {
    const method = parts.method === 'HEAD' ? 'GET' : parts.method;
    const given = { status, contentType, body, isWhole: true, hasBody: parts.method !== 'HEAD' };
    const verdicts = matching(clientRoutes, method, path).map((route) => judgeAnswer(route, given));
    return (
      verdicts.find((verdict) => verdict.length === 0) ?? verdicts[0] ?? [`no route of ${method} ${path} is described`]
    );
  }
  // Another method of the same path is another operation, and judged there.
  if (operation.audience === 'public' || parts.method !== operation.method) return [];
  const verdicts = matching(adminRoutes, parts.method, path).map((route) => judgeAdmin(route, status, body));
  return verdicts.find((verdict) => verdict.length === 0) ?? verdicts[0] ?? [`no route of ${path} is described`];
}

function judgeAdmin({ response, status = 200 }: AdminRoute, given: number, body: string): string[] {
  if (given !== status) return [`the status ${given} is not documented`];
  const parsed = response.safeParse(parseJson(body));
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

/** An id that looks like another route's name leads there, and an empty one to the list. */
function matching<Route extends { method: string; path: string }>(
  routes: readonly Route[],
  method: string,
  path: string,
): Route[] {
  // As the router reads it.
  const read = path.replace(/\/{2,}/g, '/').replace(/(.)\/$/, '$1');
  return routes.filter((route) => {
    const pattern = route.path.replace(/:\w+/g, '[^/]*').replace('*', '.*');
    return route.method === method && new RegExp(`^${pattern}$`).test(read);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
