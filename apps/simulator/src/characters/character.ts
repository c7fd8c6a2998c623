import type { Caller, JsonObject } from '../tasks/task.js';

/** What the upstream proposes when it has looked at the video; the client decides. */
export interface CharacterHints {
  readonly username: string;
  readonly displayName: string;
  readonly instructionSet: string;
}

export interface Finalization {
  readonly at: number;
  readonly characterId: string;
  readonly username: string;
  readonly displayName: string;
  readonly assetPointer: string;
  readonly body: JsonObject;
}

/** A cameo, and the character that it becomes when a client finalizes it. */
export interface Character extends Caller {
  /** Of the cameo; the character's own id comes with the finalization. */
  readonly id: string;
  readonly account: string;
  readonly createdAt: number;
  readonly endpoint: 'character_upload' | 'character_from_generation';
  /** The JSON body, or the text parts of the form. */
  readonly body: JsonObject;
  readonly uploadId: string | null;
  readonly generationId: string | null;
  readonly timestamps: readonly number[];
  /** When the upstream has looked at the video. */
  readonly readyAt: number;
  readonly outcome: 'character' | 'character_failed';
  readonly reason: string | null;
  readonly hints: CharacterHints;
  readonly finalization: Finalization | null;
  readonly visibility: 'private' | 'public';
  readonly deletedAt: number | null;
}
