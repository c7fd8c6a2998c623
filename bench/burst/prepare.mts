import { call } from '../call.mts';
import type { Stack } from '../stack.mts';

/** As the simulator tells of it. */
export interface BurstAccount {
  email: string;
  accessToken: string;
  sessionToken: string;
  refreshToken: string;
}

/** Accounts of one plan, without a limit, so that they share the work; those that were there are switched off. */
export async function fillPool({ run }: Stack, count: number): Promise<BurstAccount[]> {
  const admin = { authorization: `Bearer ${run.adminKey}` };
  const tokens = `${run.gatewayUrl}/api/admin/tokens`;
  const { data } = (await call(tokens, 'GET', undefined, admin)) as { data: { id: string }[] };
  for (const { id } of data) await call(`${tokens}/${id}/disable`, 'POST', undefined, admin);
  const accounts: BurstAccount[] = [];
  for (let no = 1; no <= count; no += 1) {
    const email = `burst-${no}@simulator.test`;
    const wanted = { email, plan: 'chatgpt_plus', quota: { videos: 1_000_000 } };
    const account = (await call(`${run.simulatorUrl}/_sim/accounts`, 'POST', wanted)) as BurstAccount;
    const { accessToken, sessionToken, refreshToken } = account;
    const token = { target: 'simulator', label: email, accessToken, sessionToken, refreshToken, videoLimit: -1 };
    const { id } = (await call(tokens, 'POST', token, admin)) as { id: string };
    await call(`${tokens}/${id}/test`, 'POST', undefined, admin);
    accounts.push(account);
  }
  return accounts;
}
