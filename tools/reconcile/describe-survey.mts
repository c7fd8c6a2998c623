import type { WorkSurvey } from '@reelay/db/repair/survey-work';

/** Rows of a table; what there is none of is told only where somebody would look for it. */
export function describeSurvey({ generations, overdue, openAttempts, slots, litter, broken }: WorkSurvey): string[][] {
  const waiting = generations.filter(({ state, isAssigned }) => state === 'queued' && !isAssigned);
  const sum = (rows: readonly { count: number }[]) => rows.reduce((total, { count }) => total + count, 0);
  const begun = generations.filter((row) => !waiting.includes(row));
  const rows: [string, number][] = [
    ['generations that wait for an account', sum(waiting)],
    ...begun.map(({ stage, count }) => [`generations with an account, ${stage}`, count] as [string, number]),
    ['generations past their deadline', overdue],
    ...openAttempts.map(({ state, count }) => [`attempts, ${state}`, count] as [string, number]),
    ['slots of open attempts', slots.used],
    ['slots held for lost submits', slots.held],
    ['slots held too long', slots.due],
    ['litter upstream: of work that goes on', litter.waiting],
    ['litter upstream: to be removed', litter.due],
    ['litter upstream: left to a person', litter.givenUp],
    ['answers that came too late', litter.lateAnswers],
  ];
  if (broken.assignedWithoutAttempt > 0)
    rows.push(['BROKEN: assigned without an attempt', broken.assignedWithoutAttempt]);
  if (broken.slotWithoutAttempt > 0) rows.push(['BROKEN: slots of closed attempts', broken.slotWithoutAttempt]);
  return rows.map(([what, count]) => [what, String(count)]);
}
