import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { ProofSolver, SubmitContext } from '@reelay/contracts/provider';
import { simulatorTarget } from '@reelay/contracts/provider-declarations';
import { nodeFetch } from './node-fetch.js';

export const nowMs = Date.UTC(2026, 0, 20, 17, 0, 0);
export const tokenId = '01KCXVNG92FVKA5X9R15F3ATGD';

/** Answers with what it was asked, so that a test can read the challenge out of the proof. */
export const echoSolver: ProofSolver = {
  solve: async ({ config }) => ({ solution: Buffer.from(JSON.stringify(config)).toString('base64'), solved: true }),
};

export const textRequest: GenerationRequest = {
  kind: 'video',
  workflow: 'video',
  model: 'sora2-landscape-10s',
  prompt: 'A “tiny” café 🦊 at dawn',
  references: [],
  orientation: 'landscape',
  seconds: 10,
  frames: 300,
  upstream: { model: 'sy_8', size: 'small' },
};

/** Everything a call is handed, with clock, chance and ids fixed. */
export function createContext(baseUrl: string, changes: Partial<SubmitContext> = {}): SubmitContext {
  let ids = 0;
  return {
    fetch: nodeFetch,
    target: simulatorTarget(baseUrl),
    credential: { tokenId, accessToken: 'access-token-of-ada', version: 1 },
    signal: new AbortController().signal,
    now: () => nowMs,
    random: () => 0.5,
    uuid: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`,
    solver: echoSolver,
    settings: { draftsPage: 15, draftsPages: 4, recentTasks: 20, recentTasksMost: 100 },
    step: 1,
    carried: null,
    readReference: async (assetId) => Buffer.from(`bytes of ${assetId} \u{1f98a}`),
    beforeSend: async () => ({ commitStartedAt: performance.now(), freshMs: 5_000 }),
    submitTimeoutMs: 2_000,
    ...changes,
  };
}
