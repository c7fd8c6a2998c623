import type { ErrorCode } from '@reelay/contracts/errors';
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { UpstreamError } from '@reelay/contracts/upstream-error';
import type { z } from 'zod';

/** The body with exactly the schema's keys in its order. @throws UpstreamError when the upstream has no such thing; nothing was sent then */
export function parseBody<Schema extends z.ZodType>(
  request: GenerationRequest,
  schema: Schema,
  candidate: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(candidate);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
  throw notSupported(request, fields, parsed.error);
}

export function notSupported(request: GenerationRequest, fields: string, cause?: unknown): UpstreamError {
  const message = `The upstream cannot make "${request.model}" this way (${fields}). Choose another model.`;
  return refusal('not_supported_by_model', message, cause);
}

/** By us, before the upstream was asked. */
export function refusal(code: ErrorCode, message: string, cause?: unknown): UpstreamError {
  return new UpstreamError({ code, message, submitClass: 'refused', fault: 'client', cause });
}
