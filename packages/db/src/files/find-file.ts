/** Reading of files that clients uploaded. An expired one is as good as deleted, whether or not it has been swept. */
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';

export interface StoredFile {
  /** A ULID. */
  id: string;
  ownerId: string;
  name: string;
  purpose: string;
  storageKey: string;
  contentType: string;
  sizeBytes: number;
  /** Lower-case hex. */
  sha256: string;
  createdAt: Date;
  expiresAt: Date | null;
}

export interface ListFiles {
  ownerId: string;
  purpose?: string;
  /** Id of the last file that was seen; it need not be there any more. */
  after?: string;
  limit: number;
  order: 'asc' | 'desc';
}

export async function findFile(
  database: Queryable,
  { id, ownerId }: { id: string; ownerId: string },
): Promise<StoredFile | undefined> {
  const [row] = await selectFiles(database, Prisma.sql`file.id = ${id} AND file.owner_id = ${ownerId}`);
  return row;
}

/** In the order of their ids, which is that of their making. */
export async function listFiles(
  database: Queryable,
  { ownerId, purpose, after, limit, order }: ListFiles,
): Promise<StoredFile[]> {
  const isAscending = order === 'asc';
  const conditions = [Prisma.sql`file.owner_id = ${ownerId}`];
  if (purpose !== undefined) conditions.push(Prisma.sql`purpose = ${purpose}`);
  if (after !== undefined) {
    conditions.push(isAscending ? Prisma.sql`file.id > ${after}` : Prisma.sql`file.id < ${after}`);
  }
  const page = Prisma.sql`ORDER BY file.id ${isAscending ? Prisma.sql`ASC` : Prisma.sql`DESC`} LIMIT ${limit}`;
  return selectFiles(database, Prisma.sql`${Prisma.join(conditions, ' AND ')}`, page);
}

interface FileRow {
  id: string;
  owner_id: string;
  name: string;
  purpose: string;
  storage_key: string;
  content_type: string;
  size_bytes: bigint;
  sha256: string;
  created_at: Date;
  expires_at: Date | null;
}

async function selectFiles(database: Queryable, where: Prisma.Sql, page = Prisma.empty): Promise<StoredFile[]> {
  const rows = await database.$queryRaw<FileRow[]>`
    SELECT file.id, file.owner_id, name, purpose, file.storage_key, content_type, size_bytes, sha256, file.created_at, expires_at
    FROM file JOIN file_object AS object ON object.storage_key = file.storage_key
    WHERE ${where} AND (expires_at IS NULL OR expires_at > now()) ${page}`;
  return rows.map((row) => ({
    id: row.id,
    ownerId: row.owner_id,
    name: row.name,
    purpose: row.purpose,
    storageKey: row.storage_key,
    contentType: row.content_type,
    sizeBytes: Number(row.size_bytes),
    sha256: row.sha256,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }));
}
