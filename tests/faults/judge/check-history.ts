/** The invariants of the design, judged offline over one history. Pure: the same history always gives the same verdict. */
import { checkAccounts } from './check-accounts.js';
import { checkClients } from './check-clients.js';
import { checkEnds } from './check-ends.js';
import { checkRecovery } from './check-recovery.js';
import type { History } from './history.js';

export const invariants = {
  I1: 'no accepted generation is lost',
  I2: 'the upstream accepts at most one submit per generation, and its task is given to no other',
  I3: 'each generation has exactly one terminal state, in time',
  I4: 'no account has more at once than it may, and no slot leaks',
  I5: 'progress and seq only grow, with one terminal event per stream',
  I6: 'one Idempotency-Key gives one generation',
  I7: 'usage is booked once',
  I8: 'no secret stands in a log, a row, a queue or an error',
  I9: 'no owner sees what is another’s',
  I10: 'no refresh token is used twice',
  I11: 'no rejection is unhandled, no process ends by itself',
  I12: 'everything moves on within a minute of the last fault',
  I13: 'a flooding key does not starve another',
  media: 'files are complete or absent',
  answers: 'every answer in JSON is as it is described',
} as const;
export type Invariant = keyof typeof invariants;

export interface Violation {
  invariant: Invariant;
  what: string;
  /** Whose history tells more. */
  generationId?: string;
}

export function checkHistory(history: History): Violation[] {
  return [
    ...checkEnds(history),
    ...checkClients(history),
    ...checkAccounts(history),
    ...checkRecovery(history),
    ...history.leaks.map((where): Violation => ({ invariant: 'I8', what: `a secret stands in ${where}` })),
    ...history.unfitAnswers.map((what): Violation => ({ invariant: 'answers', what })),
    ...history.alarms.map((line): Violation => ({ invariant: 'I11', what: line })),
  ];
}
