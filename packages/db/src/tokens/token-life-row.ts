/** The columns of `token` that hold its life, read and written in one place. */
import { defaultSettings, readSettings } from '@reelay/contracts/settings';
import {
  type Circumstances,
  type KindLife,
  lifeSettingKeys,
  type Service,
  type TokenLife,
} from '@reelay/contracts/token-life';
import { Prisma } from '../generated/prisma/client.js';

export interface TokenLifeRow {
  state: Service['state'];
  stateReason: string | null;
  disabledBy: 'operator' | 'automation' | null;
  imageCoolingUntil: Date | null;
  videoCoolingUntil: Date | null;
  imageCoolingReason: string | null;
  videoCoolingReason: string | null;
  imageFaults: number;
  videoFaults: number;
  remaining: number | null;
  resetsAt: Date | null;
  /** The database's. */
  now: Date;
  /** The rows of the settings that decide. */
  lifeSettings: { key: string; value: unknown }[];
}

/** To be selected from `token`. The clock is not that of the transaction, which may have waited for a lock since it began. */
export const lifeColumns = Prisma.sql`
  token.state, state_reason AS "stateReason", disabled_by AS "disabledBy",
  image_cooling_until AS "imageCoolingUntil", video_cooling_until AS "videoCoolingUntil",
  image_cooling_reason AS "imageCoolingReason", video_cooling_reason AS "videoCoolingReason",
  image_faults AS "imageFaults", video_faults AS "videoFaults", remaining, resets_at AS "resetsAt",
  clock_timestamp() AS now,
  (SELECT coalesce(jsonb_agg(jsonb_build_object('key', key, 'value', value)), '[]') FROM setting
   WHERE key = ANY(${[...lifeSettingKeys]}::text[])) AS "lifeSettings"`;

export function circumstancesOf({ now, lifeSettings }: TokenLifeRow): Circumstances {
  const settings = lifeSettings.length === 0 ? defaultSettings : readSettings(lifeSettings).settings;
  return { now: now.getTime(), settings };
}

/** A reason may be missing where the release before wrote the row. */
export function toLife(row: TokenLifeRow): TokenLife {
  const unknown = { remaining: null, resetsAt: null };
  const quota = { remaining: row.remaining, resetsAt: row.resetsAt?.getTime() ?? null };
  return {
    service: toService(row),
    kinds: {
      image: toKind({ faults: row.imageFaults, until: row.imageCoolingUntil, reason: row.imageCoolingReason }, unknown),
      video: toKind({ faults: row.videoFaults, until: row.videoCoolingUntil, reason: row.videoCoolingReason }, quota),
    },
  };
}

function toService({ state, stateReason, disabledBy }: TokenLifeRow): Service {
  if (state === 'disabled') {
    return { state, by: disabledBy ?? 'operator', reason: stateReason ?? 'disabled' };
  }
  return state === 'active' ? { state } : { state, reason: stateReason ?? 'the account needs attention' };
}

function toKind(
  { faults, until, reason }: { faults: number; until: Date | null; reason: string | null },
  quota: KindLife['quota'],
): KindLife {
  const cooling = until && { until: until.getTime(), reason: reason ?? 'a fault of the account' };
  return { faults, cooling, quota };
}

/** The assignments of an UPDATE of `token`. */
export function lifeAssignments({ service, kinds: { image, video } }: TokenLife): Prisma.Sql {
  const reason = service.state === 'active' ? null : service.reason;
  const time = (until: number | null | undefined) => Prisma.sql`${until == null ? null : new Date(until)}::timestamptz`;
  return Prisma.sql`
    state = ${service.state}, state_reason = ${reason}, disabled_by = ${service.state === 'disabled' ? service.by : null},
    image_cooling_until = ${time(image.cooling?.until)}, image_cooling_reason = ${image.cooling?.reason ?? null},
    video_cooling_until = ${time(video.cooling?.until)}, video_cooling_reason = ${video.cooling?.reason ?? null},
    image_faults = ${image.faults}::integer, video_faults = ${video.faults}::integer,
    remaining = ${video.quota.remaining}::integer, resets_at = ${time(video.quota.resetsAt)}`;
}
