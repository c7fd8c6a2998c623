/** The storage port on a bucket of any service that speaks S3. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  type MultipartUpload,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { type ByteRange, checkKey, type Storage, StorageError, type StoredObject, type StoredView } from './storage.js';
import type { S3Place } from './storage-place.js';

/** Two of them are in memory per upload; 10 000 of them are the most an object may have, which is 80 GB. */
const partBytes = 8 * 1024 * 1024;
const partsAtOnce = 2;
/** An upload leaves its connection free soon; a download keeps one as long as its client reads. */
const connections = 1_000;
/** What keys begin with. */
const folders = ['results/', 'references/', 'uploads/'];
const leastUnfinishedMs = 24 * 3_600_000;

export class S3Storage implements Storage {
  readonly #client: S3Client;
  /** Signs addresses as clients reach the bucket, which need not be how this process does. */
  readonly #signer: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(place: S3Place) {
    this.#client = createClient(place, place.endpoint);
    this.#signer = place.publicEndpoint === undefined ? this.#client : createClient(place, place.publicEndpoint);
    this.#bucket = place.bucket;
    this.#prefix = place.prefix;
  }

  /** Streams in parts. Nobody sees the object before the last request, which puts the parts together. */
  async put(key: string, source: AsyncIterable<Uint8Array>): Promise<StoredObject> {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    let failure: { error: unknown } | undefined;
    async function* counted(): AsyncGenerator<Uint8Array> {
      try {
        for await (const chunk of source) {
          hash.update(chunk);
          sizeBytes += chunk.byteLength;
          yield chunk;
        }
      } catch (error) {
        failure = { error };
        throw error;
      }
    }
    const params = { ...this.#object(key), Body: Readable.from(counted(), { objectMode: false }) };
    try {
      await new Upload({ client: this.#client, params, partSize: partBytes, queueSize: partsAtOnce }).done();
    } catch (error) {
      // That the parts could not be given up either would otherwise hide why.
      throw failure ? failure.error : toStorageError(error);
    }
    return { sizeBytes, sha256: hash.digest('hex') };
  }

  async open(key: string, { start, end }: ByteRange = {}): Promise<Readable> {
    const isPart = start !== undefined || end !== undefined;
    const range = isPart ? { Range: `bytes=${start ?? 0}-${end ?? ''}` } : {};
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ ...this.#object(key), ...range }));
      if (Body instanceof Readable) return Body;
      throw new Error('The S3 client gave no stream.');
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async stat(key: string): Promise<{ sizeBytes: number } | undefined> {
    try {
      const { ContentLength = 0 } = await this.#client.send(new HeadObjectCommand(this.#object(key)));
      return { sizeBytes: ContentLength };
    } catch (error) {
      const failure = toStorageError(error);
      if (failure.kind === 'not_found') return undefined;
      throw failure;
    }
  }

  async delete(key: string): Promise<void> {
    try {
      await this.#client.send(new DeleteObjectCommand(this.#object(key)));
    } catch (error) {
      const failure = toStorageError(error);
      // Some services tell, most do not.
      if (failure.kind !== 'not_found') throw failure;
    }
  }

  async linkTo(key: string, { contentType, disposition, seconds }: StoredView): Promise<string> {
    const shown = { ResponseContentType: contentType, ResponseContentDisposition: disposition };
    const command = new GetObjectCommand({ ...this.#object(key), ...shown, ResponseCacheControl: 'private' });
    return getSignedUrl(this.#signer, command, { expiresIn: seconds });
  }

  /**
   * Gives up the uploads that crashed writers began: their parts are not seen, but paid for. Only in our own folders, since others may share
   * the bucket, and not before a day: a slow one is not to be told from a dead one. Throws the first reason when all have been tried.
   */
  async sweepUnfinished(olderThanMs: number, now = Date.now()): Promise<number> {
    const before = now - Math.max(olderThanMs, leastUnfinishedMs);
    const failures: unknown[] = [];
    let removed = 0;
    for (const folder of folders) {
      try {
        for await (const { Key, UploadId, Initiated } of this.#unfinishedIn(this.#prefix + folder)) {
          if (!Key || !Initiated || Initiated.getTime() > before) continue;
          const upload = new AbortMultipartUploadCommand({ Bucket: this.#bucket, Key, UploadId });
          await this.#client.send(upload).then(
            () => (removed += 1),
            (error: unknown) => failures.push(error),
          );
        }
      } catch (error) {
        failures.push(error);
      }
    }
    // One that is not there any more was completed or given up by somebody else.
    const [failure] = failures.map(toStorageError).filter(({ kind }) => kind !== 'not_found');
    if (failure) throw failure;
    return removed;
  }

  async *#unfinishedIn(prefix: string): AsyncGenerator<MultipartUpload> {
    let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
    while (marker) {
      const asked = { Bucket: this.#bucket, Prefix: prefix, ...marker };
      const page: ListMultipartUploadsCommandOutput = await this.#client.send(new ListMultipartUploadsCommand(asked));
      yield* page.Uploads ?? [];
      const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
      marker = page.IsTruncated && KeyMarker ? { KeyMarker, ...(UploadIdMarker && { UploadIdMarker }) } : undefined;
    }
  }

  close(): void {
    this.#client.destroy();
    this.#signer.destroy();
  }

  #object(key: string): { Bucket: string; Key: string } {
    checkKey(key);
    return { Bucket: this.#bucket, Key: this.#prefix + key };
  }
}

function createClient({ region, accessKey, isPathStyle }: S3Place, endpoint: string | undefined): S3Client {
  return new S3Client({
    region,
    forcePathStyle: isPathStyle,
    ...(endpoint !== undefined && { endpoint }),
    // Without a key the SDK looks for the machine's own role.
    ...(accessKey && { credentials: { accessKeyId: accessKey.id, secretAccessKey: accessKey.secret } }),
    // The newer checksums are unknown to many services that speak S3, some of which even store them with the bytes.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: 5_000,
      // Until the answer begins, so for an upload its whole part.
      requestTimeout: 120_000,
      throwOnRequestTimeout: true,
      // A viewer may pause.
      socketTimeout: 600_000,
      httpAgent: { maxSockets: connections, keepAlive: true },
      httpsAgent: { maxSockets: connections, keepAlive: true },
    },
  });
}

/** A bucket that is not there answers 404 too, and is no object that is missing. */
function toStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const { name } = error instanceof Error ? error : new Error();
  const isMissing = error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404;
  if (isMissing && name !== 'NoSuchBucket') {
    return new StorageError('not_found', 'There is no stored object of this key.', { cause: error });
  }
  const message = `The bucket did not do what it was asked (${name}): check that it is there and may be used.`;
  return new StorageError('unavailable', message, { cause: error });
}
