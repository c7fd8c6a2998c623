import type { Account } from '../accounts/account.js';
import type { Endpoint } from '../faults/endpoints.js';
import type { Call } from '../ledger/call-log.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The short name under which faults and counters know a route; routes of the control API have none. */
    endpoint?: Endpoint;
  }
  interface FastifyRequest {
    /** The account the request seems to be about, before anyone checked whether it may. */
    account: Account | undefined;
    call: Call | undefined;
    /** What becomes of a good answer, if not to arrive. */
    replyFate: ReplyFate | undefined;
    /** A fault has answered in place of the handler. */
    isStruck: boolean;
  }
}

export type ReplyFate = 'lost' | 'hanging';
