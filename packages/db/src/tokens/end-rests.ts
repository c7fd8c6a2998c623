/** Ends what was limited in time: a cool-down, or a quota that has started again. Assignment goes by the clock and does not wait for it. */
import type { Queryable } from '../client.js';
import { applyTokenEvent } from './apply-token-event.js';

/** Of one round; the next one goes on. */
const atOnce = 500;

/**
 * How many accounts changed. A quota that started again is unknown until the next inspection, which is made due. An account without
 * videos left and without a time until when is given one.
 */
export async function endRests(database: Queryable): Promise<number> {
  const due = await database.$queryRaw<{ id: string }[]>`
    SELECT id FROM token
    WHERE hidden_at IS NULL AND (
      image_cooling_until <= now() OR video_cooling_until <= now() OR resets_at <= now() OR (remaining <= 0 AND resets_at IS NULL))
    LIMIT ${atOnce}`;
  let changed = 0;
  for (const { id } of due) {
    const applied = await applyTokenEvent(database, id, { type: 'rest_ended' });
    if (applied?.isChanged) changed += 1;
  }
  return changed;
}
