import type { Task, VideoPlan } from '../tasks/task.js';
import type { JournalRecord } from './journal.js';

/** A task as it was written when there were only videos from text. */
type TextVideoTask = Omit<Task, 'body'> & {
  readonly body: {
    readonly prompt: string;
    readonly model: string;
    readonly style_id: string | null;
    readonly orientation: VideoPlan['orientation'];
    readonly size: VideoPlan['size'];
    readonly n_frames: number;
  };
};

/** A state folder outlives the version that wrote it: what an older one left out follows from what it wrote. */
export function completeRecord(record: JournalRecord): JournalRecord {
  if (record.type !== 'task' || record.task.kind !== undefined) return record;
  const { body, ...rest } = record.task as TextVideoTask;
  const { prompt, model, style_id: style, orientation, size, n_frames: frames } = body;
  const media: VideoPlan = { type: 'video', orientation, size, frames };
  const added = { kind: 'video', endpoint: 'create', prompt, model, style, media } as const;
  return { type: 'task', task: { ...rest, ...added, parent: null, uploads: [], characters: [], body } };
}
