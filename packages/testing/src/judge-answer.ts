/** An answer of `/v1` against what is said of its route: its status, all its keys, and none beside them. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { AdminRoute } from '@reelay/contracts/admin-api/admin-route';
import { errorRegistry } from '@reelay/contracts/errors';
import { errorBodySchema, errorCodeSchema } from '@reelay/contracts/openai-api/answer-parts';
import type { ClientAnswer, ClientRoute } from '@reelay/contracts/openai-api/client-route';
import { errorAnswersOf } from '@reelay/contracts/openai-api/errors-of-route';

type Schema = NonNullable<ClientAnswer['json']>;

export interface GivenAnswer {
  status: number;
  contentType: string;
  body: string;
  /** False where the client left before the end. */
  isWhole: boolean;
  /** False for HEAD, whose answer has the status and headers alone. */
  hasBody: boolean;
}

/** What is wrong with it, in sentences. `route` is undefined where the router knew none. */
export function judgeAnswer(route: ClientRoute | undefined, answer: GivenAnswer): string[] {
  const { status, hasBody, contentType, isWhole, body } = answer;
  const documented = route?.answers[status];
  const isError = status >= 400;
  if (isError ? !(route ? errorAnswersOf(route).has(status) : [401, 404, 405].includes(status)) : !documented)
    return [`the status ${status} is not described`];
  if (!hasBody) return [];
  if (isError) return contentType.startsWith('application/json') ? judgeError(answer) : [`its error is ${contentType}`];
  if (contentType.startsWith('text/event-stream')) {
    const event = documented?.event;
    return event
      ? body
          .split('\n\n')
          .slice(0, -1)
          .flatMap((block) => judgeEvent(event, block))
      : ['it is a stream'];
  }
  if (documented?.json) {
    if (!isWhole) return [];
    return contentType.startsWith('application/json') ? judgeText(documented.json, body) : [`it is ${contentType}`];
  }
  return contentType.startsWith('application/json') ? ['it is JSON'] : [];
}

/** The same for the admin API; `route` is undefined where there is none, and for its document. */
export function judgeAdminAnswer(route: AdminRoute | undefined, answer: GivenAnswer): string[] {
  const { status, hasBody, contentType, isWhole, body } = answer;
  const isError = status >= 400;
  if (!isError && !route) return [];
  if (!isError && status !== (route?.status ?? 200)) return [`the status ${status} is not described`];
  if (!hasBody || !isWhole) return [];
  if (!contentType.startsWith('application/json')) return [`it is ${contentType}`];
  return isError || !route ? judgeError(answer) : judgeText(route.response, body);
}

function judgeError({ status, body, isWhole }: GivenAnswer): string[] {
  if (!isWhole) return [];
  const problems = judgeText(errorBodySchema, body);
  if (problems.length > 0) return problems;
  const { code, type } = errorBodySchema.parse(JSON.parse(body)).error;
  const registered = errorRegistry[errorCodeSchema.parse(code)];
  return [
    ...(registered.status === status ? [] : [`"${code}" does not belong to the status ${status}`]),
    ...(registered.type === type ? [] : [`"${code}" is not of the type ${type}`]),
  ];
}

function judgeEvent(schema: Schema, block: string): string[] {
  const data = block
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).trimStart())
    .join('\n');
  if (data === '' || data === '[DONE]') return [];
  // An error has nothing beside it; what ended without a result has.
  return judgeText(/^\{"error":/.test(data) ? errorBodySchema : schema, data);
}

function judgeText(schema: Schema, text: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [`it is no JSON: ${text.slice(0, 200)}`];
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  // Schemas drop what they do not know: what comes out again must be all there was.
  return isDeepStrictEqual(parsed.data, value) ? [] : leftOver(value, parsed.data, '');
}

function leftOver(given: unknown, known: unknown, path: string): string[] {
  if (typeof given !== 'object' || given === null) return [];
  return Object.entries(given).flatMap(([key, value]) => {
    const at = path === '' ? key : `${path}.${key}`;
    const fields = known as Record<string, unknown>;
    return Object.hasOwn(fields, key) ? leftOver(value, fields[key], at) : [`${at} is not described`];
  });
}
