/** A finished video of ours that an account still has as its draft, so that others can be started from it. */
import { randomUUID } from 'node:crypto';
import { insertToken } from '@reelay/db/factories/insert-token';
import { succeed, type Workplace } from './play-worker.js';

export async function succeedWithDraft(
  workplace: Workplace,
  generationId: string,
): Promise<{ tokenId: string; draftId: string }> {
  const { database } = workplace;
  const tokenId = await insertToken(database, {});
  const draftId = `gen_${randomUUID().replaceAll('-', '')}`;
  const [operationId, now] = [`task_${generationId}`, new Date()];
  const attempt = { id: `attempt-${generationId}`, generationId, step: 1, n: 1, tokenId, provider: 'sora', fence: 1 };
  const end = { state: 'ended', operationId, operation: { id: operationId }, sentAt: now, ackedAt: now, closedAt: now };
  await database.submitAttempt.create({ data: { ...attempt, ...end, takesTurn: false, draftId } });
  await succeed(workplace, generationId);
  return { tokenId, draftId };
}
