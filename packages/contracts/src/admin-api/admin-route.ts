/**
 * What is said of a route under `/api/admin` to whoever calls it: `/api/admin/openapi.json` is made of this. The body named here must
 * be the very schema the route reads its body with, and what it answers must fit `response` without a field left over; tests hold both.
 */
import type { z } from 'zod';
import type { ErrorCode } from '../errors.js';

export const adminTags = {
  tokens: 'Upstream accounts: their credentials, limits, state and history.',
  batches: 'Work over many accounts, with a verdict for each.',
  apiKeys: 'Clients’ keys: what each may do and what it used.',
  webhooks: 'Where the operator is told of what happens, without having to ask.',
  installation: 'What holds for all accounts, and how the whole is doing.',
  statistics: 'What was made, how well and how fast.',
} as const;
export type AdminTag = keyof typeof adminTags;

export interface AdminRoute {
  /** Names it in generated clients: `listTokens`. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As the router writes it: `/api/admin/tokens/:id`. */
  readonly path: `/api/admin/${string}`;
  readonly tag: AdminTag;
  /** One line; `description` has the rest. */
  readonly summary: string;
  readonly description?: string;
  readonly query?: z.ZodType;
  /** Request headers beside the key, in lower case. */
  readonly headers?: z.ZodObject;
  /** `file`: any bytes, passed on as they come. */
  readonly body?: z.ZodType | 'file';
  readonly isBodyOptional?: true;
  /** 200 where it is left out. */
  readonly status?: 200 | 202;
  readonly response: z.ZodType;
  /** Beyond what every route may answer (no key, a mistake in the request, an unknown id, a part that is away). */
  readonly errors?: readonly ErrorCode[];
}
