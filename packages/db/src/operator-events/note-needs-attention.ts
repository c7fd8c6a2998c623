/** That an account needs a person, as a row to be inserted by the statement that makes it so. */
import type { TokenLife } from '@reelay/contracts/token-life';
import { Prisma } from '../generated/prisma/client.js';

/** Undefined where nothing came to need attention. */
export function needsAttentionNote(
  tokenId: string,
  { before, after }: { before: TokenLife; after: TokenLife },
): Prisma.Sql | undefined {
  if (after.service.state !== 'needs_attention' || before.service.state === 'needs_attention') return undefined;
  return Prisma.sql`
    INSERT INTO operator_event (type, subject, data)
    SELECT 'token.needs_attention', id,
      jsonb_build_object('label', label, 'provider', provider, 'target', target, 'reason', ${after.service.reason}::text)
    FROM token WHERE id = ${tokenId}`;
}
