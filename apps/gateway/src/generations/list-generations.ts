import { generationKinds } from '@reelay/contracts/domain';
import { parseGenerationId } from '@reelay/contracts/ids';
import { pageQuerySchema } from '@reelay/contracts/openai/page';
import type { Generation } from '@reelay/db/generations/find-generation';
import { listGenerations as list } from '@reelay/db/generations/list-generations';
import { findPlaces } from '@reelay/db/lanes/find-places';
import { z } from 'zod';
import type { GatewayParts } from '../gateway-parts.js';
import { checkQuery } from '../http/check-query.js';
import { notFound } from './get-generation.js';
import { toWaitingFields, type WaitingFields } from './waiting-fields.js';

export interface ListOwn {
  client: { ownerId: string };
  /** As it was sent. */
  query: unknown;
  /** Wins over the query's. */
  kind?: 'video';
}

export interface ListedGeneration {
  generation: Generation;
  waiting: WaitingFields;
}

const querySchema = pageQuerySchema.extend({
  kind: z.enum(generationKinds, `send one of ${generationKinds.join(', ')}`).optional(),
});

/** @throws AppError `invalid_value`; `not_found` where `after` is no generation of this client */
export async function listGenerations(
  { database }: Pick<GatewayParts, 'database'>,
  { client: { ownerId }, query, kind }: ListOwn,
): Promise<{ data: ListedGeneration[]; hasMore: boolean }> {
  const { after: shownId, ...wanted } = checkQuery(querySchema, query);
  const after = shownId === undefined ? undefined : parseGenerationId(shownId);
  const isUnknown = shownId !== undefined && after === undefined;
  const page = isUnknown
    ? undefined
    : await list(database, { ...wanted, ...(kind === undefined ? {} : { kind }), ownerId, after });
  if (!page) throw notFound(shownId ?? '', 'after');
  const waiting = page.data.filter(({ state, stage }) => state === 'queued' && stage === 'waiting');
  const places = await findPlaces(
    database,
    waiting.map(({ id }) => id),
  );
  const data = page.data.map((generation) => ({ generation, waiting: toWaitingFields(places.get(generation.id)) }));
  return { data, hasMore: page.hasMore };
}
