/** A token's rest after a fault of its own. Assignment skips it for this kind of work until then. */
import type { SlotKind } from '@reelay/contracts/domain';
import type { Queryable } from '../client.js';

/** Only ever prolongs a rest; the row is locked after generation, attempt and slot. */
export async function coolToken(
  database: Queryable,
  { tokenId, slotKind, forMs }: { tokenId: string; slotKind: SlotKind; forMs: number },
): Promise<void> {
  await database.$executeRaw`
    WITH rest AS (SELECT now() + ${forMs}::float8 * interval '1 millisecond' AS until)
    UPDATE token SET updated_at = now(),
      video_cooling_until = CASE WHEN ${slotKind} = 'video' THEN greatest(video_cooling_until, until) ELSE video_cooling_until END,
      image_cooling_until = CASE WHEN ${slotKind} = 'image' THEN greatest(image_cooling_until, until) ELSE image_cooling_until END
    FROM rest WHERE id = ${tokenId}`;
}
