/** What an operator may set on an account, its state aside. */
import type { Queryable } from '../client.js';

export interface TokenFields {
  imageLimit?: number | undefined;
  videoLimit?: number | undefined;
  imageEnabled?: boolean | undefined;
  videoEnabled?: boolean | undefined;
}

/** What is left out stays. False when there is no such account. */
export async function setTokenFields(database: Queryable, id: string, fields: TokenFields): Promise<boolean> {
  const { imageLimit = null, videoLimit = null, imageEnabled = null, videoEnabled = null } = fields;
  const set = await database.$executeRaw`
    UPDATE token SET
      image_limit = coalesce(${imageLimit}::integer, image_limit), video_limit = coalesce(${videoLimit}::integer, video_limit),
      image_enabled = coalesce(${imageEnabled}::boolean, image_enabled),
      video_enabled = coalesce(${videoEnabled}::boolean, video_enabled), updated_at = now()
    WHERE id = ${id} AND hidden_at IS NULL`;
  return set === 1;
}

/** Work that has begun keeps the proxy it began with. False when there is no such account. */
export async function setTokenProxy(database: Queryable, id: string, proxySealed: string | null): Promise<boolean> {
  const set = await database.$executeRaw`
    UPDATE token SET proxy_sealed = ${proxySealed}, updated_at = now() WHERE id = ${id} AND hidden_at IS NULL`;
  return set === 1;
}
