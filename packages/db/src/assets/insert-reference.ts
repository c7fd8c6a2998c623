/**
 * An image or video that a client gave. It is stored before its generation is accepted and belongs to none until then (`acceptGeneration`
 * links it); what no generation came to use is swept by age.
 */
import type { Queryable } from '../client.js';

export interface NewReference {
  /** A ULID. */
  id: string;
  ownerId: string;
  storageKey: string;
  contentType: string;
  sizeBytes: number;
  /** Lower-case hex. */
  sha256: string;
  width?: number;
  height?: number;
  durationMs?: number;
}

/** The file comes first: a row never names one that is not there. */
export async function insertReference(database: Queryable, { sizeBytes, ...reference }: NewReference): Promise<void> {
  await database.asset.create({ data: { ...reference, role: 'reference', sizeBytes: BigInt(sizeBytes) } });
}
