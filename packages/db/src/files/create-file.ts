/** A file from an upload that lies in the store. The same bytes of the same owner are kept once, under as many files as were made of them. */
import type { Database, Transaction } from '../client.js';
import { inTransaction } from '../transaction.js';
import { findFile, type StoredFile } from './find-file.js';

export interface NewFile {
  /** A ULID. */
  id: string;
  ownerId: string;
  name: string;
  purpose: string;
  expiresAfterSeconds?: number;
  /** Noted as a loose file (`noteReferenceFile`) before it was written. */
  upload: {
    storageKey: string;
    contentType: string;
    sizeBytes: number;
    /** Lower-case hex. */
    sha256: string;
    width?: number;
    height?: number;
  };
  limits: { mostBytes: number; mostFiles: number };
}

export type FileCreation =
  | { outcome: 'created'; file: StoredFile }
  | { outcome: 'bytes_exceeded'; usedBytes: number }
  | { outcome: 'files_exceeded' }
  /** The upload was given up meanwhile: its client has left. */
  | { outcome: 'abandoned' };

export async function createFile(database: Database, file: NewFile): Promise<FileCreation> {
  return inTransaction(database, async (tx) => {
    // One at a time per owner, or two would each find room for one. It does not hinder those who only refer to the owner.
    await tx.$queryRaw`SELECT FROM owner WHERE id = ${file.ownerId} FOR NO KEY UPDATE`;
    const refusal = await findRefusal(tx, file);
    if (refusal) return refusal;
    const storageKey = (await findObject(tx, file)) ?? (await createObject(tx, file));
    if (storageKey === undefined) return { outcome: 'abandoned' };
    const { id, ownerId, name, purpose, expiresAfterSeconds = null } = file;
    await tx.$executeRaw`
      INSERT INTO file (id, owner_id, storage_key, name, purpose, expires_at)
      VALUES (${id}, ${ownerId}, ${storageKey}, ${name}, ${purpose}, now() + ${expiresAfterSeconds}::float8 * interval '1 second')`;
    const created = await findFile(tx, file);
    if (!created) throw new Error('A file that was just written is not there');
    return { outcome: 'created', file: created };
  });
}

/** What is shared counts once; what only a generation still uses does not count. */
async function findRefusal(tx: Transaction, { ownerId, upload, limits }: NewFile): Promise<FileCreation | undefined> {
  const [used] = await tx.$queryRaw<{ bytes: bigint; files: bigint; has_these: boolean }[]>`
    SELECT coalesce(sum(size_bytes), 0)::bigint AS bytes, coalesce(sum(files), 0)::bigint AS files,
      coalesce(bool_or(sha256 = ${upload.sha256}), false) AS has_these
    FROM (
      SELECT sha256, size_bytes, count(*) AS files
      FROM file JOIN file_object AS object ON object.storage_key = file.storage_key
      WHERE file.owner_id = ${ownerId} AND (expires_at IS NULL OR expires_at > now())
      GROUP BY object.storage_key
    ) AS live`;
  const usedBytes = Number(used?.bytes ?? 0);
  if (Number(used?.files ?? 0) >= limits.mostFiles) return { outcome: 'files_exceeded' };
  const addedBytes = used?.has_these ? 0 : upload.sizeBytes;
  return usedBytes + addedBytes > limits.mostBytes ? { outcome: 'bytes_exceeded', usedBytes } : undefined;
}

/** The lock keeps it from being removed as unused. */
async function findObject(tx: Transaction, { ownerId, upload }: NewFile): Promise<string | undefined> {
  const [known] = await tx.$queryRaw<{ storage_key: string }[]>`
    SELECT storage_key FROM file_object WHERE owner_id = ${ownerId} AND sha256 = ${upload.sha256} FOR KEY SHARE`;
  return known?.storage_key;
}

async function createObject(tx: Transaction, { ownerId, upload }: NewFile): Promise<string | undefined> {
  const { storageKey, contentType, sizeBytes, sha256, width = null, height = null } = upload;
  const created = await tx.$executeRaw`
    WITH settled AS (DELETE FROM loose_file WHERE storage_key = ${storageKey} AND keep_until > now() RETURNING storage_key)
    INSERT INTO file_object (storage_key, owner_id, sha256, content_type, size_bytes, width, height)
    SELECT storage_key, ${ownerId}, ${sha256}, ${contentType}, ${BigInt(sizeBytes)}, ${width}::integer, ${height}::integer
    FROM settled`;
  return created === 1 ? storageKey : undefined;
}
