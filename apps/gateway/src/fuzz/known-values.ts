/** Values that a schema alone cannot say: without a model that is there and an id of one's own, no request would come far. */
export interface KnownValues {
  /** By the name of a field or parameter, wherever it stands. */
  readonly byName: Readonly<Record<string, readonly unknown[]>>;
  /** By route pattern and parameter: `/v1/videos/:id id`. */
  readonly inPaths: Readonly<Record<string, readonly string[]>>;
  readonly files: readonly FormFile[];
}

/** A file part of a form; in JSON it is nothing that a schema allows. */
export class FormFile {
  constructor(
    readonly name: string,
    readonly contentType: string,
    readonly bytes: Uint8Array,
  ) {}
}
