/** Owners hold data; API keys only point at them. */
import type { Queryable } from '../client.js';

/** Creates the owner if it does not exist; an existing one keeps its name. */
export async function ensureOwner(database: Queryable, owner: { id: string; name: string }): Promise<void> {
  await database.$executeRaw`
    INSERT INTO owner (id, name) VALUES (${owner.id}, ${owner.name}) ON CONFLICT (id) DO NOTHING`;
}
