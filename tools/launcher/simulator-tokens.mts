import { setTimeout as delay } from 'node:timers/promises';

interface SimulatedAccount {
  email: string;
  plan: string;
  accessToken: string;
  sessionToken?: string;
  refreshToken?: string;
}

/**
 * Gives the simulator's accounts to the token-manager as tokens. Done at every start: the token-manager knows them again by their
 * identity and only takes over the newer credentials.
 */
export async function addSimulatorTokens(of: {
  simulatorUrl: string;
  tokenManagerUrl: string;
  internalKey: string;
  signal: AbortSignal;
}): Promise<number> {
  const accounts = (await call(`${of.simulatorUrl}/_sim/accounts`, { signal: of.signal })) as SimulatedAccount[];
  for (const { email, plan, accessToken, sessionToken, refreshToken } of accounts) {
    const token = {
      ...{ provider: 'sora', target: 'simulator', label: `simulator: ${email}` },
      ...{ accessToken, sessionToken, refreshToken, plan },
    };
    await call(`${of.tokenManagerUrl}/internal/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${of.internalKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(token),
      signal: of.signal,
    });
  }
  return accounts.length;
}

/** A server error or a cut connection may be the moment of a restart, so it is tried again; a refusal is final. */
async function call(url: string, request: RequestInit & { signal: AbortSignal }): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await fetch(url, {
      ...request,
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(10_000)]),
    })
      .then(async (response) => ({ status: response.status, text: await response.text() }))
      .catch((error: Error) => ({ status: 0, text: error.message }));
    request.signal.throwIfAborted();
    if (outcome.status >= 200 && outcome.status < 300) return JSON.parse(outcome.text);
    if (attempt === 5 || (outcome.status >= 400 && outcome.status < 500)) {
      const what = outcome.status === 0 ? 'gave no answer' : `answered ${outcome.status}`;
      throw new Error(`The simulated accounts could not be set up: ${url} ${what}: ${outcome.text.slice(0, 500)}`);
    }
    await delay(200 * attempt);
  }
}
