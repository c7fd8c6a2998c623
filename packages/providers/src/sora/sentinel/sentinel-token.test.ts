import type { ProofSolver } from '@reelay/contracts/provider';
import { createContext, echoSolver, tokenId } from '../__fixtures__/contexts.js';
import { parseRecorded, readRecorded } from '../__fixtures__/recorded.js';
import { ScriptedUpstream } from '../__fixtures__/scripted-upstream.js';
import { pickClientProfile } from './client-profile.js';
import { assembleSentinelToken, createSentinelToken } from './sentinel-token.js';

const route = 'POST /backend-api/sentinel/req';
let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await new ScriptedUpstream().start();
});
afterEach(() => upstream.close());

/** Remembers the challenges it was given. */
function recordingSolver(): ProofSolver & { challenges: { seed: string; difficulty: string }[] } {
  const challenges: { seed: string; difficulty: string }[] = [];
  return {
    challenges,
    solve: async (challenge, signal) => {
      challenges.push({ seed: challenge.seed, difficulty: challenge.difficulty });
      return echoSolver.solve(challenge, signal);
    },
  };
}

describe('the sentinel token', () => {
  test('matches the assembly vector byte for byte', () => {
    const requirements = { token: 'TT', turnstile: { dx: 'DX' }, proofofwork: { required: false } };
    expect(assembleSentinelToken({ proof: 'gAAAAACx', requirements, id: 'ID', flow: 'F' })).toBe(
      '{"p":"gAAAAACx~S","t":"DX","c":"TT","id":"ID","flow":"F"}',
    );
  });

  test('opens with an easy proof of its own, then solves what it is asked, and keeps the key order', async () => {
    upstream.on(route, { body: readRecorded('sentinel.json') });
    const solver = recordingSolver();
    const token = await createSentinelToken(createContext(upstream.url, { solver }));

    expect(solver.challenges).toEqual([
      { seed: '0.5', difficulty: '0fffff' },
      { seed: '0.4217', difficulty: '00ffff' },
    ]);
    const id = '00000000-0000-4000-8000-000000000001';
    const [request] = upstream.requests;
    expect(request?.body).toMatch(
      new RegExp(`^\\{"p":"gAAAAAC[A-Za-z0-9+/=]+","flow":"sora_2_create_task","id":"${id}"\\}$`),
    );
    expect(token).toMatch(/^\{"p":"gAAAAAB[A-Za-z0-9+/=]+~S","t":"PBp5bWFxd\\u2026","c":"gAAAAABissued","id":"/);
    expect(Object.entries(JSON.parse(token)).slice(1)).toEqual([
      ['t', parseRecorded<{ turnstile: { dx: string } }>('sentinel.json').turnstile.dx],
      ['c', 'gAAAAABissued'],
      ['id', id],
      ['flow', 'sora_2_create_task'],
    ]);
  });

  test('uses one desktop user agent for the header and for both proofs', async () => {
    upstream.on(route, { body: readRecorded('sentinel.json') });
    const token = await createSentinelToken(createContext(upstream.url));
    const agent = pickClientProfile(tokenId).desktopUserAgent;
    const proofOf = (p: string) => JSON.parse(Buffer.from(p.slice(7).replace('~S', ''), 'base64').toString());
    expect(upstream.requests[0]?.headers['user-agent']).toBe(agent);
    expect(proofOf(JSON.parse(upstream.requests[0]?.body ?? '').p)[4]).toBe(agent);
    expect(proofOf(JSON.parse(token).p)[4]).toBe(agent);
  });

  test('sends the header profile of the sentinel request', async () => {
    upstream.on(route, { body: {} });
    await createSentinelToken(createContext(upstream.url));
    expect(upstream.requests[0]?.headers).toMatchObject({
      accept: 'application/json, text/plain, */*',
      'content-type': 'application/json',
      origin: 'https://sora.chatgpt.com',
      referer: 'https://sora.chatgpt.com/',
      authorization: 'Bearer access-token-of-ada',
    });
  });

  test.each([
    ['no proof is required', { token: 'c', proofofwork: { required: false, seed: 's', difficulty: '00' } }],
    ['the seed is empty', { token: 'c', proofofwork: { required: true, seed: '', difficulty: '00' } }],
    ['the answer is empty', {}],
    ['everything is null', { token: null, turnstile: null, proofofwork: null }],
  ])('sends the first proof again when %s', async (_name, body) => {
    upstream.on(route, { body });
    const solver = recordingSolver();
    const token = JSON.parse(await createSentinelToken(createContext(upstream.url, { solver })));
    expect(token.p).toBe(`${JSON.parse(upstream.requests[0]?.body ?? '').p}~S`);
    expect(token.t).toBe('');
    expect(solver.challenges).toHaveLength(1);
  });

  test('is not made from a search that found nothing', async () => {
    upstream.on(route, { body: readRecorded('sentinel.json') });
    const solver: ProofSolver = { solve: async () => ({ solution: 'wQ8Lk5', solved: false }) };
    await expect(createSentinelToken(createContext(upstream.url, { solver }))).rejects.toMatchObject({
      submitClass: 'not_sent',
      fault: 'upstream',
    });
    expect(upstream.requests).toHaveLength(0);
  });

  test.each([
    [{ status: 500 }, 'not_sent', 'none'],
    [{ status: 200, body: '' }, 'not_sent', 'none'],
    [{ status: 200, body: { turnstile: 'dx' } }, 'not_sent', 'none'],
    [{ status: 401, body: '{}' }, 'refused', 'credential_rejected'],
    [{ status: 403, body: readRecorded('challenge.html') }, 'not_sent', 'cool_down'],
    ['reset' as const, 'not_sent', 'none'],
  ])('a failed request for requirements is never an unknown outcome: %j', async (answer, submitClass, effect) => {
    upstream.on(route, answer);
    await expect(createSentinelToken(createContext(upstream.url))).rejects.toMatchObject({
      submitClass,
      tokenEffect: { effect },
    });
  });
});
