/** A token this generation is not given to for a while; other work still goes there. */
import type { Transaction } from '../client.js';

export interface Exclusion {
  generationId: string;
  tokenId: string;
  excludedForMs: number;
}

export async function excludeToken(
  tx: Transaction,
  { generationId, tokenId, excludedForMs }: Exclusion,
): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO generation_exclusion (generation_id, token_id, until)
    VALUES (${generationId}, ${tokenId}, now() + ${excludedForMs}::float8 * interval '1 millisecond')
    ON CONFLICT (generation_id, token_id) DO UPDATE SET until = greatest(generation_exclusion.until, excluded.until)`;
}
