/** From sums of the database to what people are shown. Pure. */
import { generationKinds } from '@reelay/contracts/domain';
import type { WorkByKind, WorkCounts } from '@reelay/contracts/statistics';

/** Sums of one kind, `account` for faults that are of no one kind. */
export interface KindSums {
  kind: string;
  submitted: number;
  succeeded: number;
  failed: number;
  clientFailed: number;
  cancelled: number;
  faults: number;
  durationMs: number;
  busyMs: number;
}

export function countWork(rows: readonly KindSums[]): WorkByKind {
  const ofKind = (kind: string) => countAll(rows.filter((row) => row.kind === kind));
  const kinds = Object.fromEntries(generationKinds.map((kind) => [kind, ofKind(kind)])) as WorkByKind['kinds'];
  return { all: countAll(rows), kinds };
}

function countAll(rows: readonly KindSums[]): WorkCounts {
  const sum = (name: Exclude<keyof KindSums, 'kind'>) => rows.reduce((total, row) => total + row[name], 0);
  const [succeeded, failed] = [sum('succeeded'), sum('failed')];
  return {
    submitted: sum('submitted'),
    succeeded,
    failed,
    failedByClient: sum('clientFailed'),
    cancelled: sum('cancelled'),
    faults: sum('faults'),
    successRate: succeeded + failed === 0 ? null : succeeded / (succeeded + failed),
    meanDurationMs: succeeded === 0 ? null : Math.round(sum('durationMs') / succeeded),
    busySlotMs: sum('busyMs'),
  };
}
