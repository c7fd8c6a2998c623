import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { requireAccount, requireSora2 } from '../http/authenticate.js';
import { type FilePart, strictForm } from '../http/multipart.js';
import { strictBody } from '../http/strict-body.js';
import { UpstreamError } from '../http/upstream-error.js';
import { callerOf } from '../tasks/admit-submit.js';
import type { World } from '../world.js';
import { inspectPicture } from './inspect-file.js';
import { keepUpload } from './keep-upload.js';

const LARGEST_PICTURE_BYTES = 20 << 20;
/** A form that is a little too large is read to its end: a client that is cut off while it sends never sees the refusal. */
const bodyLimit = 64 << 20;

const pictureFieldsSchema = z.object({ file_name: z.string().min(1).max(255) });
const profileFieldsSchema = z.object({ use_case: z.literal('profile') });

/** Pictures that come before what they are for. No sentinel token is asked for: an upload costs nothing. */
export function registerUploadRoutes(server: FastifyInstance, world: World): void {
  const { accounts } = world;

  server.post('/backend/uploads', { bodyLimit, config: { endpoint: 'uploads' } }, async (request) => {
    const account = requireAccount(request, accounts);
    const { file, fields } = strictForm(request.body, ['file_name']);
    strictBody(pictureFieldsSchema, fields);
    checkSize(file);
    const facts = await inspectPicture(file.content);
    return { id: keepUpload(world, { account, purpose: 'image', file, facts, fields, caller: callerOf(request) }).id };
  });

  server.post('/backend/project_y/file/upload', { bodyLimit, config: { endpoint: 'file_upload' } }, async (request) => {
    const account = requireSora2(request, accounts);
    const { file, fields } = strictForm(request.body, ['use_case']);
    strictBody(profileFieldsSchema, fields);
    checkSize(file);
    const facts = await inspectPicture(file.content);
    const upload = keepUpload(world, { account, purpose: 'profile', file, facts, fields, caller: callerOf(request) });
    return { asset_pointer: upload.id };
  });
}

function checkSize({ content }: FilePart): void {
  if (content.length <= LARGEST_PICTURE_BYTES) return;
  throw new UpstreamError(413, 'file_too_large', `The file is larger than ${LARGEST_PICTURE_BYTES >> 20} MB.`, 'file');
}
