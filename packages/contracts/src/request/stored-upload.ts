/** Media of a request whose bytes are not in it. Pure. */

/** A file of a form, which was written to the store while it came in and is kept there until its request is answered. */
export class StoredUpload {
  constructor(
    readonly storageKey: string,
    readonly sizeBytes: number,
    /** Lower-case hex. */
    readonly sha256: string,
  ) {}
}

/** A file that was uploaded before (`file-…`). As the client named it; what there is under that name is found out before it is used. */
export class FileId {
  constructor(
    readonly id: string,
    /** Whether it must be of the kind that is asked for, or may be an image as well as a video. */
    readonly mayBe: 'asked' | 'either' = 'asked',
    readonly found?: { contentType: string; sizeBytes: number; sha256: string },
  ) {}
}
