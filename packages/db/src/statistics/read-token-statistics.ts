/** What one account did and how much of what it may do at once. Also of one that was deleted. */
import type { SlotKind } from '@reelay/contracts/domain';
import type { TokenStatistics, Utilisation, WorkDay } from '@reelay/contracts/statistics';
import type { Database } from '../client.js';
import { knownTimeZone } from './known-time-zone.js';
import type { ReadStatistics } from './read-pool-statistics.js';
import { readWork } from './read-work.js';

export interface ReadTokenStatistics extends ReadStatistics {
  tokenId: string;
  /** What the limit −1 means. */
  unlimitedSlots: Readonly<Record<SlotKind, number>>;
}

/** Undefined when there never was one of this id. */
export async function readTokenStatistics(
  database: Database,
  { tokenId, days, unlimitedSlots, ...configured }: ReadTokenStatistics,
): Promise<TokenStatistics | undefined> {
  const timeZone = await knownTimeZone(database, configured.timeZone);
  const account = await readAccount(database, { tokenId, days, timeZone });
  if (!account) return undefined;
  const work = await readWork(database, { tokenId, timeZone, days });
  const slotsOf = (kind: SlotKind) => (account.limits[kind] < 0 ? unlimitedSlots[kind] : account.limits[kind]);
  const shown = work.days.map((day) => ({
    ...day,
    utilisation: {
      image: share(day, 'image', slotsOf('image') * (account.spans.get(day.day) ?? 0)),
      video: share(day, 'video', slotsOf('video') * (account.spans.get(day.day) ?? 0)),
    },
  }));
  return {
    ...work,
    id: tokenId,
    days: shown,
    today: shown.at(-1) as TokenStatistics['today'],
    faultsInARow: account.faults,
    slots: {
      image: { used: account.used.image, limit: account.limits.image },
      video: { used: account.used.video, limit: account.limits.video },
    },
  };
}

/** At most 1: on days on which more slots were allowed than now, more may have been used. */
function share({ kinds }: WorkDay, kind: SlotKind, possibleMs: number): Utilisation[SlotKind] {
  return possibleMs <= 0 ? null : Math.min(1, kinds[kind].busySlotMs / possibleMs);
}

interface Account {
  /** 0 where the kind is switched off. */
  limits: Record<SlotKind, number>;
  used: Record<SlotKind, number>;
  faults: Record<SlotKind, number>;
  /** Milliseconds of each day since the account was added, up to now. */
  spans: ReadonlyMap<string, number>;
}

interface AccountRow {
  imageLimit: number;
  videoLimit: number;
  imageUsed: number;
  videoUsed: number;
  imageFaults: number;
  videoFaults: number;
  spans: Record<string, number>;
}

async function readAccount(
  database: Database,
  { tokenId, days, timeZone }: { tokenId: string; days: number; timeZone: string },
): Promise<Account | undefined> {
  const [row] = await database.$queryRaw<AccountRow[]>`
    SELECT CASE WHEN image_enabled THEN image_limit ELSE 0 END AS "imageLimit",
      CASE WHEN video_enabled THEN video_limit ELSE 0 END AS "videoLimit",
      image_used AS "imageUsed", video_used AS "videoUsed", image_faults AS "imageFaults", video_faults AS "videoFaults",
      (SELECT jsonb_object_agg(to_char(day, 'YYYY-MM-DD'), greatest(0, extract(epoch FROM
          least(coalesce(hidden_at, now()), (day + interval '1 day') AT TIME ZONE ${timeZone})
          - greatest(created_at, day AT TIME ZONE ${timeZone})) * 1000))
       FROM (SELECT (now() AT TIME ZONE ${timeZone})::date::timestamp AS today) AS local,
         generate_series(today - ${days - 1}::integer * interval '1 day', today, interval '1 day') AS day) AS spans
    FROM token WHERE id = ${tokenId}`;
  if (!row) return undefined;
  return {
    limits: { image: row.imageLimit, video: row.videoLimit },
    used: { image: row.imageUsed, video: row.videoUsed },
    faults: { image: row.imageFaults, video: row.videoFaults },
    spans: new Map(Object.entries(row.spans)),
  };
}
