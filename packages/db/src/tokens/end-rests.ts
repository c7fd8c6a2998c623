/** Ends what was limited in time: a cool-down, or a quota that has started again. */
import type { Queryable } from '../client.js';

/** How many accounts may work again. A quota that started again is unknown until the next inspection, which is made due. */
export async function endRests(database: Queryable): Promise<number> {
  return database.$executeRaw`
    UPDATE token SET
      image_cooling_until = CASE WHEN image_cooling_until <= now() THEN NULL ELSE image_cooling_until END,
      video_cooling_until = CASE WHEN video_cooling_until <= now() THEN NULL ELSE video_cooling_until END,
      remaining = CASE WHEN resets_at <= now() THEN NULL ELSE remaining END,
      inspected_at = CASE WHEN resets_at <= now() THEN NULL ELSE inspected_at END,
      resets_at = CASE WHEN resets_at <= now() THEN NULL ELSE resets_at END,
      updated_at = now()
    WHERE hidden_at IS NULL AND (image_cooling_until <= now() OR video_cooling_until <= now() OR resets_at <= now())`;
}
