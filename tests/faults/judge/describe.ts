/** What a failed run prints: the violations, and the shortest history of each generation that they are about. */
import { checkHistory, type Violation } from './check-history.js';
import type { History } from './history.js';

const mostShown = 10;

/** Empty when nothing was violated. */
export function describeViolations(history: History, violations: readonly Violation[] = checkHistory(history)): string {
  if (violations.length === 0) return '';
  const lines = violations
    .slice(0, 50)
    .map(({ invariant, what, generationId }) => `${invariant}: ${generationId ?? ''} ${what}`);
  const concerned = [...new Set(violations.flatMap(({ generationId }) => generationId ?? []))].slice(0, mostShown);
  return [`${violations.length} violations`, ...lines, ...concerned.map((id) => describeGeneration(history, id))].join(
    '\n',
  );
}

/** Everything that was seen of one generation, in the order of time, with the faults of that time. */
export function describeGeneration({ accepts, faults, samples, final, ledger }: History, id: string): string {
  const accept = accepts.find(({ generationId }) => generationId === id);
  const row = final.generations.find((generation) => generation.id === id);
  const attempts = final.attempts.filter(({ generationId }) => generationId === id);
  const entries: [number, string][] = [];
  if (accept) entries.push([accept.askedAt, `asked for by ${accept.owner}`], [accept.at, 'the client has its id']);
  for (const { n, createdAt, sentAt, closedAt, state } of attempts) {
    entries.push([createdAt, `attempt ${n} begun`]);
    if (sentAt !== null) entries.push([sentAt, `attempt ${n} sent`]);
    if (closedAt !== null) entries.push([closedAt, `attempt ${n} closed, ${state}`]);
  }
  let last = '';
  for (const { at, attempts: open } of samples) {
    const seen = open.find(({ generationId }) => generationId === id);
    const text = seen ? `seen ${seen.state}, seq ${seen.seq}` : '';
    if (text !== last && text) entries.push([at, text]);
    last = text;
  }
  for (const { prompt, at, finishedAt, account, taskId } of ledger.submits) {
    if (prompt !== accept?.prompt) continue;
    entries.push(
      [at, `the upstream accepts ${taskId} on ${account}`],
      [finishedAt, `the upstream is done with ${taskId}`],
    );
  }
  if (row?.completedAt) entries.push([row.completedAt, `${row.state}${row.errorCode ? ` (${row.errorCode})` : ''}`]);
  const [from, to] = [Math.min(...entries.map(([at]) => at)), Math.max(...entries.map(([at]) => at))];
  for (const fault of faults) {
    if (fault.to < from || fault.from > to) continue;
    entries.push([fault.from, `${fault.name} begins`], [fault.to, `${fault.name} is over`]);
  }
  const events = final.events
    .filter(({ generationId }) => generationId === id)
    .map(({ seq, type, progress }) => `${seq} ${type} ${progress ?? ''}`);
  const lines = entries
    .sort(([a], [b]) => a - b)
    .map(([at, text]) => `  ${((at - from) / 1000).toFixed(3).padStart(8)} s  ${text}`);
  return [`${id}:`, ...lines, `  events: ${events.join(', ')}`].join('\n');
}
