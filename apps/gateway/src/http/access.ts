/** Who may call a route. Without a mark it needs a client's API key: a route that forgets to say is closed, not open. */
import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import type { FastifyRequest } from 'fastify';

export type Access = 'public' | 'admin' | 'client';
export const accessMetadata = 'reelay:access';

/** No key at all. */
export const Public = () => SetMetadata(accessMetadata, 'public' satisfies Access);

/** The admin key; a client's key is refused. */
export const AdminOnly = () => SetMetadata(accessMetadata, 'admin' satisfies Access);

/** The client the guard found; only on routes that need a client's key. */
export const Client = createParamDecorator((_: unknown, context: ExecutionContext): ApiKeyIdentity => {
  const { user } = context.switchToHttp().getRequest<FastifyRequest & { user?: ApiKeyIdentity }>();
  if (!user) throw new Error('This route asks for its client but lets people in without a key');
  return user;
});
