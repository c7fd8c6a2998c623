/**
 * Places in long lines, from memory: every answer about a row that waits names its place, and to count those before it each time would
 * cost more than the answer. A place may be as old as `freshMs`. In short lines they are counted.
 */
import type { Database } from '../client.js';
import { queryDriver } from '../driver.js';
import { Prisma } from '../generated/prisma/client.js';
import { inText, plannedOnce } from '../planned-once.js';
import { estimateStart, type LanePace } from './estimate-start.js';
import { findPlace, type PlaceInLane } from './find-place.js';
import { countedRows } from './survey-lane.js';

export interface LongLinesOptions {
  database: Database;
  /** Monotonic milliseconds. */
  now?: () => number;
}

/** As its row was read just now. */
export interface WaitingRow {
  id: string;
  lane: string;
  priority: number;
  createdAt: Date;
  notBefore: Date | null;
}

const freshMs = 1_000;
/** In shorter ones a place is somebody's next turn, and few rows are before it. */
const shortest = 50;
const mostLanes = 200;

interface FoundLine extends Omit<LanePace, 'position' | 'notBefore'> {
  /** The first of them in their order, divided by spaces; null where nothing waits. */
  ids: string | null;
  reason: string | null;
  lastPriority: number | null;
  lastCreatedAt: Date | null;
}

interface Line extends FoundLine {
  places: Map<string, number>;
}

export class LongLines {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #lines = new Map<string, { line: Promise<Line>; until: number }>();

  constructor({ database, now }: LongLinesOptions) {
    this.#database = database;
    this.#now = now ?? (() => performance.now());
  }

  /** Undefined for what does not wait any more. */
  async findPlace(row: WaitingRow): Promise<PlaceInLane | undefined> {
    const line = await this.#lineOf(row.lane);
    const position = line.places.size < shortest ? undefined : positionIn(line, row);
    if (position === undefined) return findPlace(this.#database, row.id);
    const { reason } = line;
    return { position, estimatedStartAt: estimateStart({ ...line, position, notBefore: row.notBefore }), reason };
  }

  #lineOf(lane: string): Promise<Line> {
    const now = this.#now();
    const known = this.#lines.get(lane);
    if (known && known.until > now) return known.line;
    if (this.#lines.size >= mostLanes) this.#lines.clear();
    const line = readLine(this.#database, lane);
    this.#lines.set(lane, { line, until: now + freshMs });
    // Who comes next asks anew.
    line.catch(() => this.#lines.delete(lane));
    return line;
  }
}

/**
 * Undefined for what may be among the first and was not there when the line was read. What is heard of after that joins the end: others may
 * have come to other processes meanwhile, which it does not know before the line is read again.
 */
function positionIn(line: Line, row: WaitingRow): number | undefined {
  const { places, lastPriority, lastCreatedAt } = line;
  const place = places.get(row.id);
  if (place !== undefined || lastPriority === null || lastCreatedAt === null) return place;
  const isAfter = row.priority < lastPriority || (row.priority === lastPriority && row.createdAt >= lastCreatedAt);
  if (!isAfter) return undefined;
  const last = places.size + 1;
  if (last <= countedRows) {
    places.set(row.id, last);
    Object.assign(line, { lastPriority: row.priority, lastCreatedAt: row.createdAt });
  }
  return last;
}

async function readLine(database: Database, lane: string): Promise<Line> {
  const order = Prisma.sql`priority DESC, created_at, id`;
  const [found] = await queryDriver<FoundLine>(
    database,
    Prisma.sql`${plannedOnce}
    WITH first AS MATERIALIZED (
      SELECT id, priority, created_at FROM generation WHERE lane = ${lane} AND state = 'queued' AND token_id IS NULL
      ORDER BY ${order} LIMIT ${inText(countedRows)}
    ), last AS (
      SELECT priority, created_at FROM first ORDER BY priority, created_at DESC, id DESC LIMIT 1
    )
    SELECT now() AS now, (SELECT string_agg(id, ' ' ORDER BY ${order}) FROM first) AS ids, lane_state.reason,
      lane_state.recovers_at AS "recoversAt", coalesce(lane_state.free_slots, 0) AS "freeSlots",
      lane_state.start_every_ms AS "startEveryMs", last.priority AS "lastPriority", last.created_at AS "lastCreatedAt"
    FROM (SELECT) AS one LEFT JOIN lane_state ON lane_state.lane = ${lane} LEFT JOIN last ON true`,
  );
  if (!found) throw new Error('A line is always one row');
  return { ...found, places: new Map(found.ids?.split(' ').map((id, index) => [id, index + 1])) };
}
