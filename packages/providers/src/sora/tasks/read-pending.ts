import type { CallContext } from '@reelay/contracts/provider';
import { z } from 'zod';
import { callJson } from '../calls/call-json.js';
import { appHeaders } from '../calls/headers.js';
import { toPercent } from './percent.js';

export interface PendingTask {
  id: string;
  /** Whole percent; 0 while the upstream says nothing. */
  progress: number;
  status: string | undefined;
}

/** An array and nothing else: an object in its place is a fault of the upstream, and reading it as "nothing pending" would be a lie. */
const pendingSchema = z.array(
  z.object({
    id: z.string(),
    progress_pct: z.number().nullish().catch(null),
    status: z.string().nullish().catch(null),
  }),
);

/** Every task of the account that is not finished, in one call. @throws UpstreamError */
export async function readPending(context: CallContext): Promise<PendingTask[]> {
  const tasks = await callJson(
    context,
    { kind: 'call', name: 'GET nf/pending/v2' },
    { method: 'GET', url: `${context.target.urls.backend}/nf/pending/v2`, headers: appHeaders(context) },
    pendingSchema,
  );
  return tasks.map((task) => ({
    id: task.id,
    progress: toPercent(task.progress_pct),
    status: task.status ?? undefined,
  }));
}
