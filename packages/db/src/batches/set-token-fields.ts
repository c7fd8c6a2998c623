/** What an operator may set on an account, its state aside. */
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';

export interface TokenFields {
  label?: string | undefined;
  imageLimit?: number | undefined;
  videoLimit?: number | undefined;
  imageEnabled?: boolean | undefined;
  videoEnabled?: boolean | undefined;
  weight?: number | undefined;
  usedByPeople?: boolean | undefined;
  clientId?: string | null | undefined;
  /** Work that has begun keeps the proxy it began with. */
  proxySealed?: string | null | undefined;
}

const columns: { readonly [Name in keyof Required<TokenFields>]: string } = {
  label: 'label',
  imageLimit: 'image_limit',
  videoLimit: 'video_limit',
  imageEnabled: 'image_enabled',
  videoEnabled: 'video_enabled',
  weight: 'weight',
  usedByPeople: 'used_by_people',
  clientId: 'client_id',
  proxySealed: 'proxy_sealed',
};

/** What is left out stays. False when there is no such account. */
export async function setTokenFields(database: Queryable, id: string, fields: TokenFields): Promise<boolean> {
  const assignments = Object.entries(columns).flatMap(([name, column]) => {
    const value = fields[name as keyof TokenFields];
    return value === undefined ? [] : [Prisma.sql`${Prisma.raw(column)} = ${value}`];
  });
  const set = await database.$executeRaw`
    UPDATE token SET ${Prisma.join([...assignments, Prisma.sql`updated_at = now()`])} WHERE id = ${id} AND hidden_at IS NULL`;
  return set === 1;
}
