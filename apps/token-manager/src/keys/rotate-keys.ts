/**
 * Seals everything anew that an earlier master key sealed, a few values at a time, while everything runs. It may be stopped and begun again
 * at any time: what is done is done, and a value that somebody changes meanwhile is theirs.
 */
import type { Database } from '@reelay/db/client';
import { findSealedOtherwise, replaceSealed, sealedColumns } from '@reelay/db/keys/sealed-columns';
import { SealError } from '@reelay/platform/seal';
import type { Vault } from '../credentials/vault.js';

export interface RotationOptions {
  database: Database;
  vault: Vault;
  /** Values at once, and the pause after them. */
  portion?: number;
  pauseMs?: number;
  /** Told after each column in which there was something to do. */
  onColumn?: (column: string, resealed: number) => void;
}

export interface RotationReport {
  resealed: number;
  /** Values that no given key opens, as `table.column row`. */
  unreadable: string[];
  /** Still sealed with an old key: a token-manager goes on sealing with it. */
  left: number;
}

const mostRounds = 5;

export async function rotateKeys(options: RotationOptions): Promise<RotationReport> {
  let resealed = 0;
  for (let round = 1; ; round += 1) {
    const unreadable: string[] = [];
    let found = 0;
    for (const column of sealedColumns) {
      const done = await resealColumn(options, column, unreadable);
      found += done.found;
      resealed += done.resealed;
      if (done.resealed > 0) options.onColumn?.(`${column.table}.${column.column}`, done.resealed);
    }
    // A round that found nothing proves that nothing is left.
    const left = found - unreadable.length;
    if (left === 0 || round === mostRounds) return { resealed, unreadable, left };
  }
}

async function resealColumn(
  { database, vault, portion = 100, pauseMs = 20 }: RotationOptions,
  column: (typeof sealedColumns)[number],
  unreadable: string[],
): Promise<{ found: number; resealed: number }> {
  let found = 0;
  let resealed = 0;
  let after = '';
  for (;;) {
    const values = await findSealedOtherwise(database, column, { keyId: vault.keyId, after, limit: portion });
    for (const { position, place, sealed } of values) {
      const anew = tryToReseal(vault, place, sealed);
      if (anew === undefined) unreadable.push(`${place.table}.${place.column} ${place.row}`);
      else if (await replaceSealed(database, column, { at: position, from: sealed, to: anew })) resealed += 1;
    }
    found += values.length;
    after = values.at(-1)?.position ?? after;
    if (values.length < portion) return { found, resealed };
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

function tryToReseal(
  vault: Vault,
  place: { table: string; row: string; column: string },
  sealed: string,
): string | undefined {
  try {
    return vault.sealAt(place, vault.openAt(place, sealed));
  } catch (error) {
    if (error instanceof SealError) return undefined;
    throw error;
  }
}
