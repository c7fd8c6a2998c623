import type { JsonObject, Submitter } from '../tasks/task.js';

/** A draft that its account showed to everyone, under an id that everyone may remix. */
export interface Post extends Submitter {
  readonly id: string;
  readonly account: string;
  readonly createdAt: number;
  readonly generationId: string;
  readonly text: string;
  readonly body: JsonObject;
  readonly deletedAt: number | null;
}
