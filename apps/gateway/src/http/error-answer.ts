/** An error as an HTTP answer: OpenAI's body, and the headers that tell SDKs whether and when to try again. Pure. */
import { type AppError, errorRegistry, toErrorBody } from '@reelay/contracts/errors';

export interface ErrorAnswer {
  status: number;
  headers: Record<string, string>;
  body: { error: Record<string, unknown> };
}

const retryAfterOfStatusMs: Readonly<Record<number, number>> = { 429: 5_000, 503: 2_000, 504: 1_000 };

export function answerError(error: AppError, requestId: string): ErrorAnswer {
  const body = toErrorBody(error);
  // A hidden error has become `internal_error` in the body; status and headers must say the same.
  const code = body.error.code as keyof typeof errorRegistry;
  const { status, retry } = errorRegistry[code];
  if (code === 'internal_error') {
    body.error.message = `Something failed inside; the log has the details under request id ${requestId}.`;
    body.error.request_id = requestId;
  }
  return { status, headers: { ...retryHeaders(error, status, retry), ...challenge(status), ...allow(error) }, body };
}

/** SDKs retry 408, 409, 429 and everything from 500 by themselves, so those answers always say what we want. */
function retryHeaders(error: AppError, status: number, retry: boolean): Record<string, string> {
  if (status < 500 && ![408, 409, 429].includes(status)) return {};
  if (!retry) return { 'x-should-retry': 'false' };
  const afterMs = error.retryAfterMs ?? retryAfterOfStatusMs[status];
  if (afterMs === undefined) return { 'x-should-retry': 'true' };
  // Beyond 60 s the node SDK ignores the hint and python's gives up beyond 120.
  return { 'x-should-retry': 'true', 'retry-after': String(Math.min(60, Math.max(1, Math.ceil(afterMs / 1000)))) };
}

function challenge(status: number): Record<string, string> {
  return status === 401 ? { 'www-authenticate': 'Bearer' } : {};
}

function allow(error: AppError): Record<string, string> {
  const methods = error.code === 'method_not_allowed' ? error.details?.allow : undefined;
  return typeof methods === 'string' ? { allow: methods } : {};
}
