/** Who gets which slot: pure, so that its rules can be read and tested without a database. */
import type { FreeSlot } from './find-free-slots.js';
import type { NextRow } from './find-next-rows.js';

export interface Match {
  row: NextRow;
  slot: FreeSlot;
}

/** Each row, in order, takes the first slot that is left on a token it does not exclude; a row without one is passed over. */
export function matchSlots(rows: readonly NextRow[], slots: readonly FreeSlot[]): Match[] {
  const left = [...slots];
  const matches: Match[] = [];
  for (const row of rows) {
    const index = left.findIndex((slot) => !row.excluded.includes(slot.tokenId));
    const [slot] = index < 0 ? [] : left.splice(index, 1);
    if (slot) matches.push({ row, slot });
  }
  return matches;
}
