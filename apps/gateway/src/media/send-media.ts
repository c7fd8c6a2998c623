/** Sends a stored file: whole or one range of it, or only the news that the client has it already. */
import { Readable } from 'node:stream';
import { AppError } from '@reelay/contracts/errors';
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

/** @throws StorageError `not_found`, AppError `range_not_satisfiable` */
export async function sendMedia(request: FastifyRequest, reply: FastifyReply, media: SendMedia): Promise<void> {
  const { asset } = media;
  const etag = `"${asset.sha256}"`;
  if (matchesEtag(request.headers['if-none-match'], etag)) {
    void reply.code(304).headers(fileHeaders(asset, etag)).send(Readable.from([]));
    return;
  }
  const range = rangeOf(request, etag, asset.sizeBytes);
  if (range.kind === 'unsatisfiable') {
    reply.header('content-range', `bytes */${asset.sizeBytes}`);
    throw new AppError('range_not_satisfiable', `The file has ${asset.sizeBytes} bytes: ask for a range within it.`);
  }
  const span = range.kind === 'part' ? range : { start: 0, end: asset.sizeBytes - 1 };
  const isWanted = request.method !== 'HEAD' && asset.sizeBytes > 0;
  // Opened before the first header is set, so that a missing file is an error and not a cut connection.
  const source = isWanted ? await media.storage.open(asset.storageKey, span) : Readable.from([]);
  if (range.kind === 'part') reply.header('content-range', `bytes ${span.start}-${span.end}/${asset.sizeBytes}`);
  void reply
    .code(range.kind === 'part' ? 206 : 200)
    .headers({
      ...fileHeaders(asset, etag),
      'content-type': asset.contentType,
      'content-length': String(span.end - span.start + 1),
      'content-disposition': `${media.disposition}; filename="${media.name}.${extensionOf(asset.contentType)}"`,
    })
    .send(source);
}

function fileHeaders(asset: Asset, etag: string): Record<string, string> {
  return {
    etag,
    'accept-ranges': 'bytes',
    'last-modified': asset.createdAt.toUTCString(),
    // A file never changes under its id, but only its owner may keep it.
    'cache-control': 'private, max-age=3600',
    'x-content-type-options': 'nosniff',
  };
}

/** A range of another version of the file would be nonsense: If-Range must name this one. */
function rangeOf(request: FastifyRequest, etag: string, sizeBytes: number) {
  const condition = request.headers['if-range'];
  const isOfThisFile = condition === undefined || condition === etag;
  return parseRange(isOfThisFile ? request.headers.range : undefined, sizeBytes);
}
