import { z } from 'zod';
import { changeTokenSchema, refreshedTokenSchema, testedTokenSchema, tokenDetailsSchema } from '../token-details.js';
import { disableTokenSchema, tokenEventPageSchema, tokenEventQuerySchema } from '../token-history.js';
import { tokenListQuerySchema, tokenListSchema } from '../token-list.js';
import { addedTokenSchema, addTokenSchema, tokenViewSchema } from '../tokens.js';
import type { AdminRoute } from './admin-route.js';

export const tokenRoutes: readonly AdminRoute[] = [
  {
    operation: 'listTokens',
    method: 'GET',
    path: '/api/admin/tokens',
    tag: 'tokens',
    summary: 'Accounts, page by page, the newest first',
    description:
      'Every field of the query must match; batches take the same fields as their `filter`. `cooling` and `exhausted` are active accounts of which the named `kind` of work rests so, or any where none is named.',
    query: tokenListQuerySchema,
    response: tokenListSchema,
  },
  {
    operation: 'showToken',
    method: 'GET',
    path: '/api/admin/tokens/:id',
    tag: 'tokens',
    summary: 'One account with everything that is known of it, its secrets aside',
    response: tokenDetailsSchema,
  },
  {
    operation: 'changeToken',
    method: 'PATCH',
    path: '/api/admin/tokens/:id',
    tag: 'tokens',
    summary: 'Change what an account may do and how it is reached',
    description: 'What is left out stays. All of it is changed or nothing.',
    body: changeTokenSchema,
    response: tokenDetailsSchema,
  },
  {
    operation: 'testToken',
    method: 'POST',
    path: '/api/admin/tokens/:id/test',
    tag: 'tokens',
    summary: 'Ask the upstream about an account now',
    description: 'An account that does not work is an answer as well: `works` is false and the message says why.',
    response: testedTokenSchema,
  },
  {
    operation: 'refreshToken',
    method: 'POST',
    path: '/api/admin/tokens/:id/refresh',
    tag: 'tokens',
    summary: 'Renew the credential of an account now',
    description:
      'By its session token, else by its refresh token. Where that does not work `refreshed` is false and the message says why; an access token that is still good stays in use.',
    response: refreshedTokenSchema,
  },
  {
    operation: 'addToken',
    method: 'POST',
    path: '/api/admin/tokens',
    tag: 'tokens',
    summary: 'Add an account, or give a known one a new credential',
    description:
      'The upstream is asked who it is; where it cannot be reached, that is made up for later. The answer holds no secret.',
    body: addTokenSchema,
    response: addedTokenSchema,
  },
  {
    operation: 'deleteToken',
    method: 'DELETE',
    path: '/api/admin/tokens/:id',
    tag: 'tokens',
    summary: 'Take an account out of the pool',
    description: 'It is out of sight at once; its credential is erased when its last work is over.',
    response: z.object({ id: z.string(), deleted: z.literal(true) }),
  },
  {
    operation: 'listTokenEvents',
    method: 'GET',
    path: '/api/admin/tokens/:id/events',
    tag: 'tokens',
    summary: 'What happened to an account, newest first',
    query: tokenEventQuerySchema,
    response: tokenEventPageSchema,
  },
  {
    operation: 'disableToken',
    method: 'POST',
    path: '/api/admin/tokens/:id/disable',
    tag: 'tokens',
    summary: 'Give an account no new work until a person enables it',
    body: disableTokenSchema,
    isBodyOptional: true,
    response: tokenViewSchema,
  },
  {
    operation: 'enableToken',
    method: 'POST',
    path: '/api/admin/tokens/:id/enable',
    tag: 'tokens',
    summary: 'Let a disabled account work again',
    response: tokenViewSchema,
  },
];
