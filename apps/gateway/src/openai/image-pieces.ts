/** Images as text, piece by piece: ten of them in one answer are never in memory together. */
import type { Storage } from '@reelay/platform/storage';

export interface StoredImage {
  storageKey: string;
  /** What stands beside the image: the other fields of its object. */
  fields: object;
}

/** A JSON object with the image in `b64_json` after its other fields, of which there is one at least. */
export async function* imageObject(
  storage: Pick<Storage, 'open'>,
  { storageKey, fields }: StoredImage,
): AsyncGenerator<string> {
  yield `${JSON.stringify(fields).slice(0, -1)},"b64_json":"`;
  yield* base64Of(await storage.open(storageKey));
  yield '"}';
}

/** The answer of the images API: its head, and in `data` an object for each image. */
export async function* imagesAnswer(
  storage: Pick<Storage, 'open'>,
  head: object,
  images: readonly StoredImage[],
): AsyncGenerator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"data":[`;
  for (const [index, image] of images.entries()) {
    if (index > 0) yield ',';
    yield* imageObject(storage, image);
  }
  yield ']}';
}

/** Three bytes are four characters: what is left over of a chunk goes with the next. */
export async function* base64Of(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const chunk of source) {
    const bytes = Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % 3);
    yield bytes.toString('base64', 0, whole);
    rest = bytes.subarray(whole);
  }
  yield rest.toString('base64');
}
