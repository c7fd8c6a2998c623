/** Sends a stored file: whole or one range of it, or only the news that the client has it already. */
import { Readable } from 'node:stream';
import type { Asset } from '@reelay/db/assets/find-asset';
import type { Storage } from '@reelay/platform/storage';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { matchesEtag, parseRange } from './byte-range.js';
import { extensionOf } from './media-links.js';

export interface SendMedia {
  asset: Asset;
  storage: Storage;
  /** Without extension. */
  name: string;
  disposition: 'inline' | 'attachment';
}

/** @throws StorageError `not_found` */
export async function sendMedia(request: FastifyRequest, reply: FastifyReply, media: SendMedia): Promise<void> {
  const { asset } = media;
  const etag = `"${asset.sha256}"`;
  reply.headers({
    etag,
    'accept-ranges': 'bytes',
    'last-modified': asset.createdAt.toUTCString(),
    // A file never changes under its id, but only its owner may keep it.
    'cache-control': 'private, max-age=3600',
    'x-content-type-options': 'nosniff',
  });
  if (matchesEtag(request.headers['if-none-match'], etag)) return finish(reply, 304);

  const range = rangeOf(request, etag, asset.sizeBytes);
  if (range.kind === 'unsatisfiable') {
    reply.header('content-range', `bytes */${asset.sizeBytes}`);
    return finish(reply, 416);
  }
  const span = range.kind === 'part' ? range : { start: 0, end: asset.sizeBytes - 1 };
  if (range.kind === 'part') reply.header('content-range', `bytes ${span.start}-${span.end}/${asset.sizeBytes}`);
  const isWanted = request.method !== 'HEAD' && asset.sizeBytes > 0;
  // Opened before the first header leaves, so that a missing file is an answer and not a cut connection.
  const source = isWanted ? await media.storage.open(asset.storageKey, span) : Readable.from([]);
  void reply
    .code(range.kind === 'part' ? 206 : 200)
    .headers({
      'content-type': asset.contentType,
      'content-length': String(span.end - span.start + 1),
      'content-disposition': `${media.disposition}; filename="${media.name}.${extensionOf(asset.contentType)}"`,
    })
    .send(source);
}

/** A range of another version of the file would be nonsense: If-Range must name this one. */
function rangeOf(request: FastifyRequest, etag: string, sizeBytes: number) {
  const condition = request.headers['if-range'];
  const isOfThisFile = condition === undefined || condition === etag;
  return parseRange(isOfThisFile ? request.headers.range : undefined, sizeBytes);
}

function finish(reply: FastifyReply, status: number): void {
  void reply.code(status).send(Readable.from([]));
}
