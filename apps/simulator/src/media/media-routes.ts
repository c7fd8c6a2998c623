import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { stateAt } from '../tasks/life-cycle.js';
import type { World } from '../world.js';
import { parseByteRange } from './byte-range.js';
import { isLinkGood } from './media-link.js';

interface FileRequest {
  Params: { name: string };
  Querystring: { exp?: string; sig?: string };
}

/** `/file/<generation>.mp4`: what the upstream's CDN would serve. */
export function registerMediaRoutes(server: FastifyInstance, world: World): void {
  server.get<FileRequest>('/file/:name', { config: { endpoint: 'media' } }, async (request, reply) => {
    const generationId = request.params.name.replace(/\.mp4$/, '');
    const { exp = '', sig = '' } = request.query;
    if (!isLinkGood(generationId, exp, sig, world.now()))
      return refuse(reply, 403, 'Signature missing, wrong or expired.');
    const task = world.tasks.findByGeneration(generationId);
    if (task?.outcome !== 'video' || stateAt(task, world.now()).phase !== 'finished') {
      return refuse(reply, 404, 'The specified resource does not exist.');
    }
    return sendVideo(reply, await world.shelf.get(task), request.headers.range);
  });
}

function sendVideo(reply: FastifyReply, video: Buffer, rangeHeader: string | undefined): FastifyReply {
  const etag = `"${createHash('sha256').update(video).digest('hex').slice(0, 32)}"`;
  reply.headers({
    'content-type': 'video/mp4',
    'accept-ranges': 'bytes',
    etag,
    'cache-control': 'private, max-age=3600',
  });
  const range = parseByteRange(rangeHeader, video.length);
  if (range === undefined) return reply.send(video);
  if (range === 'unsatisfiable') {
    return refuse(reply.header('content-range', `bytes */${video.length}`), 416, 'The range lies outside of the file.');
  }
  const { first, last } = range;
  return reply
    .code(206)
    .header('content-range', `bytes ${first}-${last}/${video.length}`)
    .send(video.subarray(first, last + 1));
}

function refuse(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply
    .code(status)
    .type('application/xml')
    .send(`<?xml version="1.0"?><Error><Message>${message}</Message></Error>`);
}
