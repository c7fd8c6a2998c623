/** Every door of a gateway, with all that its documents say of it. */
import { clientRoutes } from '@reelay/contracts/openai-api/client-routes';
import type { OpenApiDocument, Operation } from '@reelay/contracts/openapi/document';
import type { RouteEntry } from '../http/route-table.js';

export interface FuzzOperation {
  readonly method: string;
  /** As the router has it: `/v1/videos/:id`. */
  readonly path: string;
  readonly audience: 'client' | 'admin' | 'public';
  /** Undefined where no document speaks of it: pages and probes. */
  readonly described: Operation | undefined;
  readonly components: OpenApiDocument['components'][string];
}

export function operationsOf(
  entries: readonly Pick<RouteEntry, 'method' | 'path'>[],
  documents: readonly OpenApiDocument[],
): FuzzOperation[] {
  const described = new Map(documents.flatMap(describedOperations));
  return entries
    .filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS')
    .map(({ method, path }): FuzzOperation => {
      const known = described.get(`${method} ${documentedPath(path)}`);
      return {
        ...{ method, path, audience: audienceOf(path), described: known?.operation },
        ...{ components: known?.components ?? {} },
      };
    });
}

/** As the documents have it: `/v1/videos/{id}`. */
export function documentedPath(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}').replace('*', '{id}');
}

function describedOperations(document: OpenApiDocument) {
  return Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(
      ([method, operation]): [string, { operation: Operation; components: Record<string, unknown> }] => [
        `${method.toUpperCase()} ${path}`,
        { operation, components: document.components.schemas ?? {} },
      ],
    ),
  );
}

function audienceOf(path: string): FuzzOperation['audience'] {
  if (path.startsWith('/api/admin/')) return 'admin';
  return clientRoutes.some((route) => route.path === path) ? 'client' : 'public';
}
