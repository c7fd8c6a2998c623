/** Leaves out lanes that are pinned to accounts without a free slot, however many: a lane each must not cost a question each. */
import { slotKindOf } from '@reelay/contracts/domain';
import { type Lane, parseLane } from '@reelay/contracts/lane';
import { findOpenTokens } from '@reelay/db/assign/find-open-tokens';
import type { WaitingLane } from '@reelay/db/assign/find-waiting-lanes';
import type { Database } from '@reelay/db/client';

export async function leaveOutBusy(database: Database, lanes: readonly WaitingLane[]): Promise<WaitingLane[]> {
  const pinnedTo = new Map(lanes.flatMap(({ lane }) => pinOf(lane) ?? []));
  if (pinnedTo.size === 0) return [...lanes];
  const tokenIds = new Set([...pinnedTo.values()].map(({ tokenId }) => tokenId));
  const open = new Map((await findOpenTokens(database, [...tokenIds])).map((token) => [token.id, token]));
  return lanes.filter(({ lane }) => {
    const pinned = pinnedTo.get(lane);
    if (!pinned) return true;
    const slotKind = slotKindOf(pinned.kind);
    return slotKind === undefined || open.get(pinned.tokenId)?.[slotKind] === true;
  });
}

type PinnedLane = Lane & { tokenId: string };

/** A lane that this release cannot read is not one to leave out: whoever assigns it says so. */
function pinOf(key: string): [string, PinnedLane][] | undefined {
  try {
    const lane = parseLane(key);
    return lane.tokenId === undefined ? undefined : [[key, { ...lane, tokenId: lane.tokenId }]];
  } catch {
    return undefined;
  }
}
