/**
 * The life of an upstream account: one pure function decides what becomes of it, from its state, what happened and the clock. Whoever
 * changes an account's state goes through it (`applyTokenEvent` in db), so that it is never out of service without a reason, and never
 * for ever but by a person's word or for want of a credential.
 */
import { type SlotKind, slotKinds } from './domain.js';
import type { Settings } from './settings.js';

/** For all kinds of work at once. */
export type Service =
  | { state: 'active' }
  | { state: 'needs_attention'; reason: string }
  | { state: 'disabled'; by: 'operator' | 'automation'; reason: string };

/** `until` is Unix ms here and everywhere below. */
export interface Rest {
  until: number;
  reason: string;
}

/** What the upstream last said may still be made. Both null: unknown, or this kind has none. */
export interface Quota {
  remaining: number | null;
  resetsAt: number | null;
}

export interface KindLife {
  /** Faults of the account in a row. */
  faults: number;
  cooling: Rest | null;
  quota: Quota;
}

export interface TokenLife {
  service: Service;
  kinds: Readonly<Record<SlotKind, KindLife>>;
}

export type TokenEvent =
  /** The account's own fault; whoever else is to blame (client, upstream, proxy) is no event. `rests`: the upstream wants it to pause. */
  | { type: 'fault'; slotKinds: readonly SlotKind[]; reason: string; rests: boolean; retryAfterMs?: number | undefined }
  /** Its way is barred for now (its proxy's address, a credential that cannot be renewed yet): it rests, and no fault is counted. */
  | { type: 'held_off'; slotKinds: readonly SlotKind[]; reason: string; retryAfterMs?: number | undefined }
  /** The upstream took work of this kind. */
  | { type: 'succeeded'; slotKind: SlotKind }
  /** The same, of work that its quota counts. */
  | { type: 'acknowledged'; slotKind: SlotKind }
  /** Nothing that is stored is accepted any more. */
  | { type: 'credential_rejected'; reason: string }
  | { type: 'credential_renewed' }
  /** Its access token is good until then (null: it does not say), and nothing that is stored will renew it. It works on. */
  | { type: 'renewal_impossible'; reason: string; endsAt: number | null }
  /** What the upstream says of its videos; null where it says nothing. */
  | { type: 'inspected'; remaining: number | null; resetsAt: number | null }
  /** Time has passed. Needed by no decision, which all go by the clock; it tidies up and is written down. */
  | { type: 'rest_ended' }
  | { type: 'disabled'; by: 'operator' | 'automation'; reason: string }
  | { type: 'enabled'; by: 'operator' | 'automation' }
  /** Given (again) with a credential. `wasDeleted`: it was out of the pool and begins anew. */
  | { type: 'added'; wasDeleted: boolean }
  | { type: 'deleted' };

export const lifeSettingKeys = [
  'token.coolDownMs',
  'token.coolDownFactor',
  'token.coolDownLongestMs',
  'token.faultThreshold',
  'token.quotaMargin',
  'token.quotaRestMs',
] as const;
export type LifeSettings = Pick<Settings, (typeof lifeSettingKeys)[number]>;

export interface Circumstances {
  /** Unix ms, by the database's clock. */
  now: number;
  settings: LifeSettings;
  /** Uniform in [0, 1): spreads the ends of rests. Without it none is lengthened. */
  random?: () => number;
}

export const newLife: TokenLife = {
  service: { state: 'active' },
  kinds: {
    image: { faults: 0, cooling: null, quota: { remaining: null, resetsAt: null } },
    video: { faults: 0, cooling: null, quota: { remaining: null, resetsAt: null } },
  },
};

export function nextTokenLife(life: TokenLife, event: TokenEvent, circumstances: Circumstances): TokenLife {
  const service = nextService(life.service, event);
  const kindOf = (slotKind: SlotKind) =>
    giveTime(
      nextKind(endWhatIsOver(life.kinds[slotKind], circumstances), slotKind, event, circumstances),
      circumstances,
    );
  return { service, kinds: { image: kindOf('image'), video: kindOf('video') } };
}

/** Null while it may make more. A quota whose time is over says nothing. */
export function exhaustionOf(
  { quota: { remaining, resetsAt } }: KindLife,
  { now, settings }: Circumstances,
): { until: number | null } | null {
  if (remaining === null || remaining > settings['token.quotaMargin']) return null;
  return resetsAt === null || resetsAt > now ? { until: resetsAt } : null;
}

/** Of two things that keep it from work of this kind, the one that lasts longer. */
export function standingOf(kind: KindLife, circumstances: Circumstances): 'ready' | 'cooling' | 'exhausted' {
  const exhaustion = exhaustionOf(kind, circumstances);
  const coolsUntil = kind.cooling && kind.cooling.until > circumstances.now ? kind.cooling.until : null;
  if (!exhaustion) return coolsUntil === null ? 'ready' : 'cooling';
  return (exhaustion.until ?? Number.POSITIVE_INFINITY) > (coolsUntil ?? Number.NEGATIVE_INFINITY)
    ? 'exhausted'
    : 'cooling';
}

function nextService(service: Service, event: TokenEvent): Service {
  switch (event.type) {
    case 'credential_rejected':
      return service.state === 'active' ? { state: 'needs_attention', reason: event.reason } : service;
    case 'credential_renewed':
      return service.state === 'needs_attention' ? { state: 'active' } : service;
    case 'added':
      return service.state === 'needs_attention' || event.wasDeleted ? { state: 'active' } : service;
    case 'disabled':
      if (service.state === 'disabled' && service.by === 'operator' && event.by === 'automation') return service;
      return { state: 'disabled', by: event.by, reason: event.reason };
    case 'enabled':
      if (event.by === 'operator') return { state: 'active' };
      return service.state === 'disabled' && service.by === 'automation' ? { state: 'active' } : service;
    default:
      return service;
  }
}

function nextKind(kind: KindLife, slotKind: SlotKind, event: TokenEvent, circumstances: Circumstances): KindLife {
  switch (event.type) {
    case 'fault':
      return event.slotKinds.includes(slotKind) ? afterFault(kind, event, circumstances) : kind;
    case 'held_off': {
      if (!event.slotKinds.includes(slotKind)) return kind;
      const forMs = namedMs(event.retryAfterMs) ?? ownRestMs(0, circumstances);
      return { ...kind, cooling: longerRest(kind.cooling, { until: circumstances.now + forMs, reason: event.reason }) };
    }
    case 'succeeded':
      return event.slotKind === slotKind ? { ...kind, faults: 0 } : kind;
    case 'acknowledged': {
      if (event.slotKind !== slotKind) return kind;
      const { remaining } = kind.quota;
      const lowered = remaining === null ? null : Math.max(0, remaining - 1);
      return { ...kind, faults: 0, quota: { ...kind.quota, remaining: lowered } };
    }
    case 'inspected': {
      if (slotKind !== 'video') return kind;
      const { remaining, resetsAt } = event;
      return {
        ...kind,
        quota: { remaining, resetsAt: resetsAt !== null && resetsAt > circumstances.now ? resetsAt : null },
      };
    }
    default:
      return kind;
  }
}

/** What fails while the account rests was on its way before: it may prolong the rest, but is no further fault in the row. */
function afterFault(
  kind: KindLife,
  { rests, reason, retryAfterMs }: Extract<TokenEvent, { type: 'fault' }>,
  circumstances: Circumstances,
): KindLife {
  const threshold = circumstances.settings['token.faultThreshold'];
  const faults = kind.cooling ? Math.max(1, kind.faults) : kind.faults + 1;
  if (!rests && faults < threshold) return { ...kind, faults };
  const named = namedMs(retryAfterMs);
  const own = named === undefined || faults > threshold ? ownRestMs(faults - threshold, circumstances) : 0;
  const rest = { until: circumstances.now + Math.max(named ?? 0, own), reason };
  return { ...kind, faults, cooling: longerRest(kind.cooling, rest) };
}

/** The first rest, multiplied once for every fault beyond the threshold, at most the longest; a tenth is left to chance. */
function ownRestMs(faultsBeyond: number, { settings, random = () => 0 }: Circumstances): number {
  const grown =
    settings['token.coolDownMs'] * settings['token.coolDownFactor'] ** Math.min(64, Math.max(0, faultsBeyond));
  const restMs = Math.min(grown, settings['token.coolDownLongestMs']);
  return Math.round(restMs * (1 + random() / 10));
}

/** An upstream that names a time in years means something else. */
const longestNamedMs = 31 * 24 * 3_600_000;

function namedMs(retryAfterMs: number | undefined): number | undefined {
  if (retryAfterMs === undefined || Number.isNaN(retryAfterMs)) return undefined;
  return Math.ceil(Math.min(Math.max(0, retryAfterMs), longestNamedMs));
}

function longerRest(rest: Rest | null, other: Rest): Rest {
  return rest && rest.until >= other.until ? rest : other;
}

function endWhatIsOver(kind: KindLife, { now }: Circumstances): KindLife {
  const { cooling, quota } = kind;
  return {
    ...kind,
    cooling: cooling && cooling.until > now ? cooling : null,
    quota: quota.resetsAt !== null && quota.resetsAt <= now ? { remaining: null, resetsAt: null } : quota,
  };
}

/** An upstream may say that nothing is left without saying until when: it is asked again after a while. */
function giveTime(kind: KindLife, circumstances: Circumstances): KindLife {
  if (exhaustionOf(kind, circumstances)?.until !== null) return kind;
  return {
    ...kind,
    quota: { ...kind.quota, resetsAt: circumstances.now + circumstances.settings['token.quotaRestMs'] },
  };
}

/** Whether anything but the number of videos left, or the end of a rest that goes on for the same reason, is another one. */
export function isNews(before: TokenLife, after: TokenLife, event: TokenEvent, circumstances: Circumstances): boolean {
  if (alwaysNews.has(event.type)) return true;
  // As it was written, whatever the clock says: that a rest is over is news.
  const written = { ...circumstances, now: Number.NEGATIVE_INFINITY };
  const essence = (life: TokenLife) =>
    JSON.stringify([
      life.service,
      ...slotKinds.map((slotKind) => {
        const kind = life.kinds[slotKind];
        // The clock tells another rest from one that was over and had the same reason.
        const standing = standingOf(kind, circumstances);
        return [kind.faults, kind.cooling?.reason ?? null, exhaustionOf(kind, written) !== null, standing];
      }),
    ]);
  return essence(before) !== essence(after);
}

const alwaysNews: ReadonlySet<TokenEvent['type']> = new Set([
  'added',
  'deleted',
  'credential_renewed',
  'renewal_impossible',
]);
