/** What tests of imports and batches ask of a token-manager. */
import type { BatchPage, BatchView } from '@reelay/contracts/batches';
import { waitFor } from '@reelay/testing/wait-for';
import { type ErrorBody, internalKey, type TestStack } from './test-stack.js';

/** Uploads a file and waits until every row has its verdict. */
export async function importFile(
  stack: TestStack,
  file: unknown,
  query: Record<string, string> = {},
): Promise<BatchPage> {
  const { status, body } = await upload(stack, file, query);
  if (status !== 202) throw new Error(`the import answered ${status}: ${JSON.stringify(body)}`);
  return endOf(stack, (body as BatchView).id);
}

export async function upload(
  stack: TestStack,
  file: unknown,
  query: Record<string, string> = {},
  url = stack.managers[0]?.url,
): Promise<{ status: number; body: BatchView | ErrorBody }> {
  const asked = new URLSearchParams({ target: 'simulator', ...query });
  const response = await fetch(`${url}/internal/imports?${asked}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${internalKey}`, 'content-type': 'application/octet-stream' },
    body: typeof file === 'string' ? file : JSON.stringify(file),
  });
  return { status: response.status, body: (await response.json()) as BatchView | ErrorBody };
}

export async function runBatch(stack: TestStack, asked: object): Promise<BatchPage> {
  const { status, body } = await stack.call<BatchView>('POST', '/internal/batches', { body: asked });
  if (status !== 202) throw new Error(`making the batch answered ${status}: ${JSON.stringify(body)}`);
  return endOf(stack, body.id);
}

export async function endOf(stack: TestStack, id: string, timeoutMs = 60_000): Promise<BatchPage> {
  const read = async () => (await stack.call<BatchPage>('GET', `/internal/batches/${id}?limit=1000`)).body;
  let batch = await read();
  const isOver = async () => {
    batch = await read();
    return batch.finishedAt !== null;
  };
  await waitFor(isOver, { timeoutMs, describe: () => `the end of the batch ${JSON.stringify(batch)}` });
  return batch;
}

export async function exportFile(stack: TestStack, { secrets = true } = {}): Promise<string> {
  const response = await fetch(`${stack.managers[0]?.url}/internal/exports${secrets ? '?secrets=1' : ''}`, {
    headers: { authorization: `Bearer ${internalKey}` },
  });
  return response.text();
}

export function verdictsOf({ rows }: BatchPage): (string | null)[] {
  return rows.map(({ verdict }) => verdict);
}
