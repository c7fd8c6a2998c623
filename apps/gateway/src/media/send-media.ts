/** Sends a stored file: whole or one range of it, only the news that the client has it already, or where the store itself serves it. */
import { Readable } from 'node:stream';
import { AppError } from '@reelay/contracts/errors';
import type { Asset } from '@reelay/db/assets/find-asset';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayParts } from '../gateway-parts.js';
import { isModifiedSince, matchesEtag, parseRange, type RangeAnswer } from './byte-range.js';
import { extensionOf } from './media-links.js';

export type SentFile = Pick<Asset, 'storageKey' | 'contentType' | 'sizeBytes' | 'sha256' | 'createdAt'>;

export interface SendMedia {
  asset: SentFile;
  parts: Pick<GatewayParts, 'storage' | 'settings'>;
  /** Without extension. */
  name: string;
  disposition: 'inline' | 'attachment';
}

/** @throws StorageError `not_found`, AppError `range_not_satisfiable` */
export async function sendMedia(request: FastifyRequest, reply: FastifyReply, media: SendMedia): Promise<void> {
  const { asset, parts } = media;
  const etag = `"${asset.sha256}"`;
  const disposition = `${media.disposition}; filename="${media.name}.${extensionOf(asset.contentType)}"`;
  if (isKnown(request, etag, asset.createdAt)) {
    void reply.code(304).headers(fileHeaders(asset, etag)).send(Readable.from([]));
    return;
  }
  // A signed address is good for GET alone.
  if (request.method === 'GET') {
    const address = await findAddress(media, disposition);
    if (address !== undefined) return redirect(reply, address);
  }
  const range = rangeOf(request, etag, asset);
  if (range.kind === 'unsatisfiable') {
    reply.header('content-range', `bytes */${asset.sizeBytes}`);
    throw new AppError('range_not_satisfiable', `The file has ${asset.sizeBytes} bytes: ask for a range within it.`);
  }
  const span = range.kind === 'part' ? range : { start: 0, end: asset.sizeBytes - 1 };
  const isWanted = request.method !== 'HEAD' && asset.sizeBytes > 0;
  // Opened before the first header is set, so that a missing file is an error and not a cut connection.
  const source = isWanted ? await parts.storage.open(asset.storageKey, span) : Readable.from([]);
  if (range.kind === 'part') reply.header('content-range', `bytes ${span.start}-${span.end}/${asset.sizeBytes}`);
  void reply
    .code(range.kind === 'part' ? 206 : 200)
    .headers({
      ...fileHeaders(asset, etag),
      'content-type': asset.contentType,
      'content-length': String(span.end - span.start + 1),
      'content-disposition': disposition,
    })
    .send(source);
}

/** To a place that serves the file to anybody who knows the address; nobody may keep it for others. */
export function redirect(reply: FastifyReply, address: string): void {
  void reply
    .code(302)
    .headers({ location: address, 'cache-control': 'private, no-store', 'referrer-policy': 'no-referrer' })
    .send(Readable.from([]));
}

/** Undefined where files are sent from here: the store has no addresses, or clients are not to be sent to it. */
async function findAddress({ asset, parts }: SendMedia, disposition: string): Promise<string | undefined> {
  if (!parts.storage.linkTo) return undefined;
  const { 'media.redirectSeconds': seconds } = await parts.settings.read();
  if (seconds === 0) return undefined;
  return parts.storage.linkTo(asset.storageKey, { contentType: asset.contentType, disposition, seconds });
}

function fileHeaders(asset: SentFile, etag: string): Record<string, string> {
  return {
    etag,
    'accept-ranges': 'bytes',
    'last-modified': asset.createdAt.toUTCString(),
    // A file never changes under its id, but only its owner may keep it.
    'cache-control': 'private, max-age=3600',
    'x-content-type-options': 'nosniff',
  };
}

/** Where both are asked, the tag decides. */
function isKnown({ headers }: FastifyRequest, etag: string, modifiedAt: Date): boolean {
  const tags = headers['if-none-match'];
  return tags === undefined ? !isModifiedSince(headers['if-modified-since'], modifiedAt) : matchesEtag(tags, etag);
}

/** A range of another version of the file would be nonsense: If-Range must name this one. It is defined for GET alone. */
function rangeOf({ method, headers }: FastifyRequest, etag: string, { createdAt, sizeBytes }: SentFile): RangeAnswer {
  const condition = headers['if-range'];
  const isOfThisFile = condition === undefined || condition === etag || condition === createdAt.toUTCString();
  return parseRange(method === 'GET' && isOfThisFile ? headers.range : undefined, sizeBytes);
}
