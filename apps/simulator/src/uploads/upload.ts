import type { Caller } from '../tasks/task.js';

/** `image` for `inpaint_items`, `profile` for the avatar of a character, `character_video` for the video it is taken from. */
export type UploadPurpose = 'image' | 'profile' | 'character_video';

/** What is kept of an upload: not its bytes, but enough to tell which they were. */
export interface Upload extends Caller {
  /** A media id, an asset pointer, or for `character_video` a name that only the ledger shows. */
  readonly id: string;
  readonly purpose: UploadPurpose;
  readonly account: string;
  readonly createdAt: number;
  readonly fileName: string;
  /** What the bytes are, whatever the client called them. */
  readonly contentType: string;
  readonly declaredType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Null for videos. */
  readonly width: number | null;
  readonly height: number | null;
  /** The text parts of the form. */
  readonly fields: Readonly<Record<string, string>>;
}
