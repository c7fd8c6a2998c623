import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { stateAt } from '../tasks/life-cycle.js';
import type { World } from '../world.js';
import { parseByteRange } from './byte-range.js';
import { isLinkGood } from './media-link.js';
import { renderImage } from './render-image.js';
import { renderTask } from './render-task.js';

interface FileRequest {
  Params: { name: string };
  Querystring: { exp?: string; sig?: string };
}

interface MediaFile {
  readonly contentType: string;
  readonly make: () => Promise<Buffer>;
}

const AVATAR_PIXELS = 512;

/** `/file/<generation>.mp4`, `.png` and `/file/avatars/<cameo>.webp`: what the upstream's CDN would serve. */
export function registerMediaRoutes(server: FastifyInstance, world: World): void {
  const serve = async (reply: FastifyReply, file: string, { exp = '', sig = '' }, range: string | undefined) => {
    if (!isLinkGood(file, exp, sig, world.now())) return refuse(reply, 403, 'Signature missing, wrong or expired.');
    const media = file.startsWith('avatars/') ? findAvatar(world, file) : findResult(world, file);
    if (media === undefined) return refuse(reply, 404, 'The specified resource does not exist.');
    return sendFile(reply, media.contentType, await world.shelf.get(file, media.make), range);
  };

  server.get<FileRequest>('/file/:name', { config: { endpoint: 'media' } }, ({ params, query, headers }, reply) => {
    return serve(reply, params.name, query, headers.range);
  });

  server.get<FileRequest>('/file/avatars/:name', { config: { endpoint: 'avatar' } }, (request, reply) => {
    return serve(reply, `avatars/${request.params.name}`, request.query, request.headers.range);
  });
}

function findResult({ tasks, now }: World, file: string): MediaFile | undefined {
  const [generationId = '', extension] = file.split('.');
  const task = tasks.findByGeneration(generationId);
  if (!task || stateAt(task, now()).phase !== 'finished' || task.outcome !== task.media.type) return undefined;
  if (extension !== (task.outcome === 'video' ? 'mp4' : 'png')) return undefined;
  return { contentType: task.outcome === 'video' ? 'video/mp4' : 'image/png', make: () => renderTask(task) };
}

function findAvatar({ characters, now }: World, file: string): MediaFile | undefined {
  const character = characters.find(file.slice('avatars/'.length).replace(/\.webp$/, ''));
  if (!character || character.readyAt > now() || character.outcome === 'character_failed') return undefined;
  const { id: seed, hints } = character;
  const plan = { seed, prompt: hints.displayName, label: '', width: AVATAR_PIXELS, height: AVATAR_PIXELS } as const;
  return { contentType: 'image/webp', make: () => renderImage({ ...plan, format: 'webp' }) };
}

function sendFile(
  reply: FastifyReply,
  contentType: string,
  content: Buffer,
  rangeHeader: string | undefined,
): FastifyReply {
  const etag = `"${createHash('sha256').update(content).digest('hex').slice(0, 32)}"`;
  reply.headers({
    'content-type': contentType,
    'accept-ranges': 'bytes',
    etag,
    'cache-control': 'private, max-age=3600',
  });
  const range = parseByteRange(rangeHeader, content.length);
  if (range === undefined) return reply.send(content);
  if (range === 'unsatisfiable') {
    return refuse(
      reply.header('content-range', `bytes */${content.length}`),
      416,
      'The range lies outside of the file.',
    );
  }
  const { first, last } = range;
  return reply
    .code(206)
    .header('content-range', `bytes ${first}-${last}/${content.length}`)
    .send(content.subarray(first, last + 1));
}

function refuse(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply
    .code(status)
    .type('application/xml')
    .send(`<?xml version="1.0"?><Error><Message>${message}</Message></Error>`);
}
