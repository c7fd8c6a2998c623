import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { parseFileId, publicFileId } from '@reelay/contracts/file-ids';
import { type CreateFile, createFileSchema, type FileObject, listFilesSchema } from '@reelay/contracts/openai/files';
import { pageOf } from '@reelay/contracts/openai/page';
import type { ApiKeyIdentity } from '@reelay/db/api-keys/find-api-key';
import { deleteFile } from '@reelay/db/files/delete-file';
import { listFiles } from '@reelay/db/files/find-file';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayParts } from '../gateway-parts.js';
import { Client } from '../http/access.js';
import { bodyForms } from '../http/body.pipe.js';
import { checkQuery } from '../http/check-query.js';
import { sendMedia } from '../media/send-media.js';
import { fileNotFound } from '../references/resolve-files.js';
import { fileObjectOf } from './file-object.js';
import { getFile } from './get-file.js';
import { uploadFile } from './upload-file.js';

createFileSchema.register(bodyForms, { multipart: true, media: true });

@Controller('v1/files')
export class FilesController {
  constructor(@Inject(GatewayParts) private readonly parts: GatewayParts) {}

  @Post()
  @HttpCode(200)
  async create(
    @Body({ schema: createFileSchema }) body: CreateFile,
    @Client() client: ApiKeyIdentity,
  ): Promise<FileObject> {
    return fileObjectOf(await uploadFile(this.parts, client.ownerId, body));
  }

  @Get()
  async list(@Query() query: Record<string, unknown>, @Client() { ownerId }: ApiKeyIdentity) {
    const { after: given, limit, order, purpose } = checkQuery(listFilesSchema, query);
    const after = given === undefined ? undefined : parseFileId(given);
    if (given !== undefined && after === undefined) throw fileNotFound(given, 'after');
    const files = await listFiles(this.parts.database, {
      ...{ ownerId, limit: limit + 1, order },
      ...(after === undefined ? {} : { after }),
      ...(purpose === undefined ? {} : { purpose }),
    });
    return pageOf(files.slice(0, limit).map(fileObjectOf), files.length > limit);
  }

  @Get(':id')
  async retrieve(@Param('id') id: string, @Client() { ownerId }: ApiKeyIdentity): Promise<FileObject> {
    return fileObjectOf(await getFile(this.parts.database, ownerId, id));
  }

  @Get(':id/content')
  async content(
    @Param('id') id: string,
    @Client() { ownerId }: ApiKeyIdentity,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const file = await getFile(this.parts.database, ownerId, id);
    const asset = { ...file, generationId: null, removedAt: null };
    const name = publicFileId(file.id);
    await sendMedia(request, reply, { asset, parts: this.parts, name, disposition: 'attachment' });
  }

  @Delete(':id')
  async remove(@Param('id') id: string, @Client() { ownerId }: ApiKeyIdentity) {
    const ulid = parseFileId(id);
    const isDeleted = ulid !== undefined && (await deleteFile(this.parts.database, { id: ulid, ownerId }));
    if (!isDeleted) throw fileNotFound(id, 'file_id');
    return { id: publicFileId(ulid), object: 'file', deleted: true };
  }
}
