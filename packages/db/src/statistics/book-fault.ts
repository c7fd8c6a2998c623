/** A fault of an account, as a row to be booked in the statement that writes down what becomes of the account. */
import { isErrorCode } from '@reelay/contracts/errors';
import type { TokenEvent, TokenLife } from '@reelay/contracts/token-life';
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';

export interface BookedFault {
  tokenId: string;
  kind: 'image' | 'video' | 'account';
  code: string;
  message: string;
}

/** Undefined for what is none. That its credential is not good any more counts once, however often it is said. */
export function faultOf(
  tokenId: string,
  event: TokenEvent,
  { before, after }: { before: TokenLife; after: TokenLife },
): BookedFault | undefined {
  if (event.type === 'fault') {
    const [slotKind, ...others] = event.slotKinds;
    const kind = slotKind === undefined || others.length > 0 ? 'account' : slotKind;
    return { tokenId, kind, ...explain(event.reason, 'upstream_refused') };
  }
  if (after.service.state !== 'needs_attention' || before.service.state === 'needs_attention') return undefined;
  return { tokenId, kind: 'account', ...explain(after.service.reason, 'credential_unavailable') };
}

/** One row; a FROM behind it makes it depend on another. */
export function faultBooking({ tokenId, kind, code, message }: BookedFault): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO statistics_booking (token_id, kind, faults, error_source, error_code, error_message)
    SELECT ${tokenId}, ${kind}, 1, 'account', ${code}, ${message}`;
}

export async function bookFault(database: Queryable, fault: BookedFault): Promise<void> {
  await database.$executeRaw(faultBooking(fault));
}

/** Reasons begin with the code where there is one: `upstream_unavailable: The account has reached a limit`. */
function explain(reason: string, otherwise: string): { code: string; message: string } {
  const [, code, message] = /^([a-z_]+): (.*)$/s.exec(reason) ?? [];
  return isErrorCode(code) ? { code, message: message ?? '' } : { code: otherwise, message: reason };
}
