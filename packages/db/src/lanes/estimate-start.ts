/** When a waiting row's turn may come, from the pace of its lane. Pure. */

export interface LanePace {
  now: Date;
  position: number;
  /** Mean time between the lane's latest starts; null where nothing has started of late. */
  startEveryMs: number | null;
  freeSlots: number;
  /** When the first resting account is back. */
  recoversAt: Date | null;
  /** The row itself may not start before. */
  notBefore: Date | null;
}

/** Null where nothing is known to estimate from. */
export function estimateStart({
  now,
  position,
  startEveryMs,
  freeSlots,
  recoversAt,
  notBefore,
}: LanePace): Date | null {
  const turn = position <= freeSlots ? now.getTime() : turnOf(now, position - freeSlots, startEveryMs, recoversAt);
  return turn === undefined ? null : new Date(Math.max(turn, now.getTime(), notBefore?.getTime() ?? 0));
}

function turnOf(now: Date, place: number, startEveryMs: number | null, recoversAt: Date | null): number | undefined {
  if (startEveryMs === null) return recoversAt?.getTime();
  return now.getTime() + place * startEveryMs;
}
