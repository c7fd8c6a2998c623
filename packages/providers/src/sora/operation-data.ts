import type { Operation } from '@reelay/contracts/provider';
import { z } from 'zod';

/** What an operation carries, so that another process knows how to ask for it. */
const operationDataSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('image') }),
  z.object({ type: z.literal('video') }),
  z.object({ type: z.literal('cameo'), cameoId: z.string() }),
  z.object({
    type: z.literal('character'),
    cameoId: z.string(),
    /** Missing where the answer of the finalization was lost. */
    characterId: z.string().optional(),
    username: z.string(),
    displayName: z.string(),
    avatarUrl: z.string(),
    /** Made for one video only: never shown to anybody, removed afterwards. */
    isTemporary: z.boolean(),
  }),
  z.object({ type: z.literal('post'), postId: z.string() }),
  z.object({ type: z.literal('text'), text: z.string() }),
]);
export type OperationData = z.infer<typeof operationDataSchema>;
export type CharacterData = Extract<OperationData, { type: 'character' }>;

/** A video where nothing is said, as in operations that were stored before there was anything else. */
export function readOperationData({ data }: Operation): OperationData {
  return operationDataSchema.safeParse(data).data ?? { type: 'video' };
}
