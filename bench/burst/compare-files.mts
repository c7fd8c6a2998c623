/** What the upstream says of the burst: which task it took for which prompt, and the bytes of that task's own file. */
import { createHash } from 'node:crypto';
import { call } from '../call.mts';
import type { Stack } from '../stack.mts';
import type { BurstAccount } from './prepare.mts';
import type { Chat } from './run-chats.mts';

export interface Comparison {
  /** Chats without a file, or with one that is not the very file of the task made for their prompt. */
  lost: Chat[];
  /** Prompts that the upstream took more than once. */
  doubled: string[];
  /** Tasks that the upstream took. */
  accepted: number;
  /** Files that are like no other. */
  distinct: number;
}

interface Submit {
  taskId: string;
  prompt: string;
}

export async function compareFiles(
  { run }: Stack,
  accounts: readonly BurstAccount[],
  chats: readonly Chat[],
): Promise<Comparison> {
  const { submits } = (await call(`${run.simulatorUrl}/_sim/ledger?kind=video`, 'GET')) as { submits: Submit[] };
  const tasks = Map.groupBy(submits, ({ prompt }) => prompt);
  const addresses = new Map<string, string>();
  for (const account of accounts) await readDrafts(`${run.simulatorUrl}`, account, addresses);
  const lost: Chat[] = [];
  for (const chat of chats) {
    const [task, ...more] = tasks.get(chat.prompt) ?? [];
    const address = task && more.length === 0 ? addresses.get(task.taskId) : undefined;
    const isOwn = address !== undefined && chat.sha256 !== undefined && (await hashOf(address)) === chat.sha256;
    if (!isOwn) lost.push(chat);
  }
  return {
    lost,
    doubled: [...tasks].filter(([, same]) => same.length > 1).map(([prompt]) => prompt),
    accepted: submits.length,
    distinct: new Set(chats.flatMap(({ sha256 }) => sha256 ?? [])).size,
  };
}

/** Addresses of all finished videos of an account, by task. */
async function readDrafts(simulatorUrl: string, account: BurstAccount, addresses: Map<string, string>): Promise<void> {
  const headers = { authorization: `Bearer ${account.accessToken}` };
  let cursor: string | null = '';
  while (cursor !== null) {
    const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = (await call(
      `${simulatorUrl}/backend/project_y/profile/drafts?limit=100${after}`,
      'GET',
      undefined,
      headers,
    )) as { items: { task_id: string; downloadable_url: string }[]; cursor: string | null };
    for (const item of page.items) addresses.set(item.task_id, item.downloadable_url);
    cursor = page.cursor;
  }
}

async function hashOf(address: string): Promise<string> {
  const response = await fetch(address);
  const bytes = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Error(`the upstream's own file: ${response.status}`);
  return createHash('sha256').update(bytes).digest('hex');
}
