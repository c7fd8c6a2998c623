/** What an answer must be, whatever was asked. */
import { adminRoutes } from '@reelay/contracts/admin-api/admin-routes';
import { errorBodySchema } from '@reelay/contracts/openai-api/answer-parts';
import { clientRoutes } from '@reelay/contracts/openai-api/client-routes';
import { judgeAdminAnswer, judgeAnswer } from '@reelay/testing/judge-answer';
import type { FuzzRequest } from '../fuzz/fuzz-request.js';
import type { FuzzOperation } from '../fuzz/operations.js';
import type { RawAnswer } from '../fuzz/read-answer.js';
import type { ServedSchemas } from '../fuzz/served-schemas.js';

/** What every path may answer, documented or not: no such route or method, no readable request, too large headers. */
const ofEveryPath = [400, 404, 405, 413];

/** What the answers are those of. */
export interface FuzzedGateway {
  /** Of the documents that it serves. */
  readonly schemas: ServedSchemas;
  /** False where none runs: what is passed on to it fails as if it were away. */
  readonly hasTokenManager: boolean;
}

interface ErrorSaid {
  code: string | null;
  message: string;
}

/** In sentences; none is good. */
export function judgeFuzzed(
  operation: FuzzOperation,
  request: FuzzRequest,
  answer: RawAnswer,
  gateway: FuzzedGateway,
): string[] {
  const { status, headers } = answer;
  const judge = status >= 400 ? judgeRefusal : judgeSuccess;
  const problems = judge(operation, request, answer, gateway);
  if (headers['x-request-id'] === undefined) problems.push('it has no x-request-id');
  return problems;
}

function judgeRefusal(
  operation: FuzzOperation,
  { parts }: FuzzRequest,
  answer: RawAnswer,
  gateway: FuzzedGateway,
): string[] {
  const { status, headers, body } = answer;
  const documented = Object.keys(operation.described?.responses ?? {}).map(Number);
  const problems: string[] = [];
  // Nobody says beforehand how pages and the board refuse, only in which shape.
  if (operation.described && ![...documented, ...ofEveryPath].includes(status))
    problems.push(`the status ${status} is not documented`);
  if (parts.method === 'HEAD')
    return mayFail(operation, { status }, gateway) ? problems : [...problems, `it failed with ${status}`];
  if (!/^application\/json(;|$)/.test(headers['content-type'] ?? ''))
    return [...problems, `its error is ${headers['content-type']}`];
  const error = errorIn(body);
  if (!error) return [...problems, `its error has another shape: ${body.toString('utf8', 0, 300)}`];
  if (!mayFail(operation, { status, error }, gateway)) problems.push(`it failed: ${error.code}: ${error.message}`);
  if (gateway.schemas.has(operation, status))
    problems.push(...gateway.schemas.problemsOf(operation, status, body.toString()));
  return problems;
}

interface Refusal {
  status: number;
  /** HEAD has none. */
  error?: ErrorSaid;
}

/** Nothing is away, but upstream accounts, the end of what is waited for and, of the admin API alone, the token-manager where none runs. */
function mayFail({ audience }: FuzzOperation, { status, error }: Refusal, { hasTokenManager }: FuzzedGateway): boolean {
  if (status < 500) return true;
  switch (audience) {
    case 'client':
      return error
        ? error.code === 'still_running' || error.code === 'no_account_in_service'
        : isFailureOfWaiting(status);
    case 'admin':
      if (hasTokenManager || status !== 503) return false;
      return error ? error.code === 'service_unavailable' && error.message.includes('token-manager') : true;
    case 'public':
      return false;
  }
}

function isFailureOfWaiting(status: number): boolean {
  return status === 503 || status === 504;
}

function errorIn(body: Buffer): ErrorSaid | undefined {
  try {
    const parsed = errorBodySchema.safeParse(JSON.parse(body.toString()));
    return parsed.success ? (parsed.data.error as ErrorSaid) : undefined;
  } catch {
    return undefined;
  }
}

function judgeSuccess(
  operation: FuzzOperation,
  { parts }: FuzzRequest,
  answer: RawAnswer,
  { schemas }: FuzzedGateway,
): string[] {
  const { status, headers } = answer;
  const contentType = headers['content-type'] ?? '';
  const body = answer.body.toString();
  const path = parts.target.split(/[?#]/, 1)[0] ?? '';
  // What browsers ask beforehand is of every route alike.
  if (parts.method === 'OPTIONS' && status === 204) return [];
  if (operation.audience === 'client') {
    const method = parts.method === 'HEAD' ? 'GET' : parts.method;
    const given = { status, contentType, body, isWhole: true, hasBody: parts.method !== 'HEAD' };
    const isJson = given.hasBody && contentType.startsWith('application/json');
    const verdicts = matching(clientRoutes, method, path).map((route) => [
      ...judgeAnswer(route, given),
      ...(isJson ? schemas.problemsOf(route, status, body) : []),
    ]);
    return (
      verdicts.find((verdict) => verdict.length === 0) ?? verdicts[0] ?? [`no route of ${method} ${path} is described`]
    );
  }
  // Another method of the same path is another operation, and judged there.
  if (operation.audience === 'public' || parts.method !== operation.method) return [];
  const given = { status, contentType, body, isWhole: true, hasBody: true };
  const verdicts = matching(adminRoutes, parts.method, path).map((route) => [
    ...judgeAdminAnswer(route, given),
    ...schemas.problemsOf(route, status, body),
  ]);
  return verdicts.find((verdict) => verdict.length === 0) ?? verdicts[0] ?? [`no route of ${path} is described`];
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
