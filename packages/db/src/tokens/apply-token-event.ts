/** The only writer of an account's life: state, rests, faults and quota follow from what happened, and the history says so. */
import { slotKinds } from '@reelay/contracts/domain';
import { cutText, toStorableText } from '@reelay/contracts/storable-text';
import { describeTokenLife } from '@reelay/contracts/token-history';
import { isNews, nextTokenLife, type TokenEvent, type TokenLife } from '@reelay/contracts/token-life';
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import { needsAttentionNote } from '../operator-events/note-needs-attention.js';
import { type BookedFault, bookFault, faultBooking, faultOf } from '../statistics/book-fault.js';
import { circumstancesOf, lifeAssignments, lifeColumns, type TokenLifeRow, toLife } from './token-life-row.js';

export interface ApplyOptions {
  /** The event concerns this version of the credential; nothing happens when it is another one by now. */
  credentialVersion?: number;
  /** Uniform in [0, 1). */
  random?: () => number;
}

export interface AppliedEvent {
  life: TokenLife;
  /** Unix ms, by the database's clock. */
  now: number;
  /** False when everything stays as it was. */
  isChanged: boolean;
}

/**
 * Works inside a transaction and outside of one: the row is written only while it is the very version that was decided upon. The token
 * is locked by the write, after generation, attempt and slot. The first look does not lock, for most events change nothing; whoever lost
 * against another writer locks, so that nobody has to try for ever. Undefined when there is no such token (of that credential).
 */
export async function applyTokenEvent(
  database: Queryable,
  tokenId: string,
  event: TokenEvent,
  { credentialVersion, random = Math.random }: ApplyOptions = {},
): Promise<AppliedEvent | undefined> {
  const storable = cleanReason(event);
  for (let tries = 0; tries < maximumTries; tries += 1) {
    const row = await read(database, tokenId, tries > 0);
    if (!row || (credentialVersion !== undefined && row.credentialVersion !== credentialVersion)) return undefined;
    const before = toLife(row);
    const circumstances = { ...circumstancesOf(row), random };
    const life = nextTokenLife(before, storable, circumstances);
    const isChanged = JSON.stringify(life) !== JSON.stringify(before);
    const note = isNews(before, life, storable, circumstances)
      ? {
          ...{ type: storable.type, data: detailsOf(storable), at: new Date(circumstances.now) },
          before: describeTokenLife(before, circumstances),
          after: describeTokenLife(life, circumstances),
        }
      : undefined;
    const applied = { life, now: circumstances.now, isChanged };
    const fault = faultOf(tokenId, storable, { before, after: life });
    if (!isChanged && !note) {
      if (fault) await bookFault(database, fault);
      return applied;
    }
    const asksAgain = storable.type !== 'inspected' && isRestOver(before, life);
    const tells = needsAttentionNote(tokenId, { before, after: life });
    if (await write(database, { row, tokenId, life, note, fault, tells, asksAgain })) return applied;
  }
  throw new Error(`Token ${tokenId} is being changed by many at once; what happened to it could not be written down.`);
}

/** Outside of a transaction the lock ends with the reading; then the version decides, and this many lose in a row only in a storm. */
const maximumTries = 50;

type Row = TokenLifeRow & { version: string; credentialVersion: number };

async function read(database: Queryable, tokenId: string, isLocking: boolean): Promise<Row | undefined> {
  const lock = isLocking ? Prisma.sql`FOR NO KEY UPDATE OF token` : Prisma.empty;
  const [row] = await database.$queryRaw<Row[]>`
    SELECT ${lifeColumns}, token.xmin::text AS version, credential_version AS "credentialVersion"
    FROM token WHERE id = ${tokenId} ${lock}`;
  return row;
}

interface Note {
  type: string;
  data: object;
  at: Date;
  before: object;
  after: object;
}

interface Write {
  row: Row;
  tokenId: string;
  life: TokenLife;
  note: Note | undefined;
  fault: BookedFault | undefined;
  /** The operator, by a row. */
  tells: Prisma.Sql | undefined;
  /** Makes an inspection due. */
  asksAgain: boolean;
}

/** False when the row is another one by now. */
async function write(
  database: Queryable,
  { row, tokenId, life, note, fault, tells, asksAgain }: Write,
): Promise<boolean> {
  const written = await database.$queryRaw<{ id: string }[]>`
    WITH changed AS (
      UPDATE token SET ${lifeAssignments(life)}, updated_at = now(),
        inspected_at = CASE WHEN ${asksAgain} THEN NULL ELSE inspected_at END,
        inspect_not_before = CASE WHEN ${asksAgain} THEN NULL ELSE inspect_not_before END
      WHERE id = ${tokenId} AND xmin::text = ${row.version}
      RETURNING id
    )${note ? noteStatement(note) : Prisma.empty}
    ${fault ? Prisma.sql`, booked AS (${faultBooking(fault)} FROM changed)` : Prisma.empty}
    ${tells ? Prisma.sql`, told AS (${tells} AND id IN (SELECT id FROM changed))` : Prisma.empty}
    SELECT id FROM changed`;
  return written.length === 1;
}

function noteStatement({ type, data, at, before, after }: Note): Prisma.Sql {
  return Prisma.sql`, noted AS (
      INSERT INTO token_event (token_id, at, type, data, before, after)
      SELECT id, ${at}::timestamptz, ${type}, ${JSON.stringify(data)}::jsonb, ${JSON.stringify(before)}::jsonb,
        ${JSON.stringify(after)}::jsonb
      FROM changed
    )`;
}

/** Then the upstream is asked what the account may do now. */
function isRestOver(before: TokenLife, after: TokenLife): boolean {
  return slotKinds.some((slotKind) => {
    const [was, is] = [before.kinds[slotKind], after.kinds[slotKind]];
    return (was.cooling !== null && is.cooling === null) || (was.quota.resetsAt !== null && is.quota.resetsAt === null);
  });
}

/** Reasons come from upstreams; a provider's words never hold a secret, but may be long or hold what Postgres does not take. */
function cleanReason(event: TokenEvent): TokenEvent {
  return 'reason' in event
    ? { ...event, reason: cutText(toStorableText(event.reason).replace(/\s+/g, ' '), 300) }
    : event;
}

function detailsOf({ type: _type, ...details }: TokenEvent): object {
  return details;
}
