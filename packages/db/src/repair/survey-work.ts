/** What there is to do and what is held, counted for people. Reads only. */
import type { AttemptState, GenerationState, Stage } from '@reelay/contracts/domain';
import type { Database } from '../client.js';

export interface WorkSurvey {
  /** Generations that have not ended. */
  generations: { state: GenerationState; stage: Stage; isAssigned: boolean; count: number }[];
  /** Of them, those past their deadline: a worker ends them in its next round. */
  overdue: number;
  openAttempts: { state: AttemptState; count: number }[];
  slots: {
    /** Of open attempts. */
    used: number;
    /** Held for a lost submit until the upstream must be done with it. */
    held: number;
    /** Held although their time is over: freed in the next round. */
    due: number;
  };
  litter: { waiting: number; due: number; givenUp: number; lateAnswers: number };
  /** What no path of the code leaves behind. */
  broken: {
    /** Assigned without an open attempt; its run job undoes it. */
    assignedWithoutAttempt: number;
    /** The slot of a closed attempt that is not held for a lost one. */
    slotWithoutAttempt: number;
  };
}

export async function surveyWork(database: Database): Promise<WorkSurvey> {
  const generations = await database.$queryRaw<WorkSurvey['generations']>`
    SELECT state, stage, token_id IS NOT NULL AS "isAssigned", count(*)::int AS count
    FROM generation WHERE state IN ('queued', 'running') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;
  const openAttempts = await database.$queryRaw<WorkSurvey['openAttempts']>`
    SELECT state, count(*)::int AS count
    FROM submit_attempt WHERE state IN ('intent', 'sent', 'acked', 'unknown') GROUP BY 1 ORDER BY 1`;
  const [rest] = await database.$queryRaw<[Omit<WorkSurvey, 'generations' | 'openAttempts'>]>`
    SELECT
      (SELECT count(*)::int FROM generation WHERE state IN ('queued', 'running') AND deadline_at <= now()) AS overdue,
      (SELECT jsonb_build_object(
          'used', count(*) FILTER (WHERE free_at IS NULL),
          'held', count(*) FILTER (WHERE free_at > now()),
          'due', count(*) FILTER (WHERE free_at <= now())) FROM token_slot) AS slots,
      (SELECT jsonb_build_object(
          'waiting', count(*) FILTER (WHERE done_at IS NULL AND awaits_end),
          'due', count(*) FILTER (WHERE done_at IS NULL AND NOT awaits_end AND next_try_at IS NOT NULL),
          'givenUp', count(*) FILTER (
            WHERE done_at IS NULL AND NOT awaits_end AND next_try_at IS NULL AND kind <> 'late_answer'),
          'lateAnswers', count(*) FILTER (WHERE kind = 'late_answer')) FROM upstream_litter) AS litter,
      (SELECT jsonb_build_object(
          'assignedWithoutAttempt', (
            SELECT count(*) FROM generation WHERE state = 'queued' AND token_id IS NOT NULL AND NOT EXISTS (
              SELECT FROM submit_attempt AS attempt WHERE attempt.generation_id = generation.id
                AND attempt.step = generation.step AND attempt.state IN ('intent', 'sent', 'acked', 'unknown'))),
          'slotWithoutAttempt', (
            SELECT count(*) FROM token_slot JOIN submit_attempt AS attempt ON attempt.id = attempt_id
            WHERE free_at IS NULL AND attempt.closed_at IS NOT NULL))) AS broken`;
  return { generations, openAttempts, ...rest };
}
