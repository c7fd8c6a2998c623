/**
 * Names the way out that an attempt began with and keeps: two attempts of a token with the same name leave through the same proxy. A digest,
 * so that neither an address nor its sealed form leaves the database. For statements in which the attempt is called `attempt`.
 */
import { Prisma } from '../generated/prisma/client.js';

export const routeKey = Prisma.sql`md5(coalesce(attempt.proxy_sealed, '') || coalesce(attempt.proxy_place, ''))`;
