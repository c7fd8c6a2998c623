import { randomUUID } from 'node:crypto';
import { SeededSource } from '../seeded-source.js';
import { defaultSpeed } from '../tasks/speed.js';
import { browser, headConfig, solveProof, vectorConfig } from '../testing/solve-proof.js';
import type { SentinelCall } from './dialects.js';
import { SentinelDesk, type SentinelRequest } from './sentinel-desk.js';

const ACCOUNT = 'plus@simulator.test';

interface Token {
  p: string;
  t: string;
  c: string;
  id: string;
  flow: string;
}

/** The call as the client of the flow would make it. */
function callOf(request: SentinelRequest): SentinelCall {
  const text = JSON.stringify(request);
  return request.flow === 'sora_init'
    ? { contentType: 'text/plain;charset=UTF-8', userAgent: `${browser} ${text}`, hasAccessToken: false, text }
    : { contentType: 'application/json', userAgent: browser, hasAccessToken: true, text };
}

function setUp(changes: object = {}) {
  const clock = { now: 1_000 };
  const speed = { ...defaultSpeed(6_000), ...changes };
  const desk = new SentinelDesk(() => clock.now, new SeededSource('test'), { speed: () => speed, keptMost: 100 });
  const issue = (account: string | undefined = ACCOUNT, config = vectorConfig, flow = 'sora_2_create_task'): Token => {
    const id = randomUUID();
    const p0 = `gAAAAAC${solveProof('0.5', '0fffff', config)}`;
    const request = { p: p0, id, flow };
    const { hasAccessToken } = callOf(request);
    const answer = desk.issue(request, hasAccessToken ? account : undefined, callOf(request));
    const { seed = '', difficulty = '' } = answer.proofofwork;
    const p = answer.proofofwork.required ? `gAAAAAB${solveProof(seed, difficulty, config)}` : p0;
    return { p: `${p}~S`, t: answer.turnstile.dx, c: answer.token, id, flow };
  };
  return { clock, desk, issue };
}

test('a solved token is good once', () => {
  const { desk, issue } = setUp();
  const token = issue();
  expect(desk.redeem(JSON.stringify(token), ACCOUNT)).toBe(token.id);
  expect(() => desk.redeem(JSON.stringify(token), ACCOUNT)).toThrow('used before');
});

test('a refused attempt does not use the token up', () => {
  const { desk, issue } = setUp();
  const token = issue();
  expect(() => desk.redeem(JSON.stringify({ ...token, t: 'x' }), ACCOUNT)).toThrow('challenge');
  expect(desk.redeem(JSON.stringify(token), ACCOUNT)).toBe(token.id);
});

test('a token expires', () => {
  const { desk, issue, clock } = setUp({ sentinelTtlMs: 5_000 });
  const token = issue();
  clock.now += 5_000;
  expect(() => desk.redeem(JSON.stringify(token), ACCOUNT)).toThrow('expired');
});

test.each([
  ['a missing header', () => undefined, 'missing'],
  ['no JSON', () => 'hello', 'JSON object'],
  ['one key too many', (token: Token) => ({ ...token, x: 1 }), 'exactly the keys'],
  ['a token that was never issued', (token: Token) => ({ ...token, c: 'x' }), 'not a token'],
  ['another id', (token: Token) => ({ ...token, id: randomUUID() }), 'id is not'],
  ['another flow', (token: Token) => ({ ...token, flow: 'sora_init' }), 'flow must be'],
  ['a proof without its end', (token: Token) => ({ ...token, p: token.p.slice(0, -2) }), 'must end'],
  [
    'the proof of the first round',
    (token: Token) => ({ ...token, p: token.p.replace('gAAAAAB', 'gAAAAAC') }),
    'must start',
  ],
  [
    'a proof for another seed',
    (token: Token) => ({ ...token, p: `gAAAAAB${solveProof('0.7', '000fff')}~S` }),
    'difficulty',
  ],
])('refuses %s', (_, spoil, message) => {
  const { desk, issue } = setUp({ difficulty: '000fff' });
  const spoiled = spoil(issue());
  const header = typeof spoiled === 'object' ? JSON.stringify(spoiled) : spoiled;
  expect(() => desk.redeem(header, ACCOUNT)).toThrow(message);
});

test('refuses a token that was issued to another account', () => {
  const { desk, issue } = setUp();
  expect(() => desk.redeem(JSON.stringify(issue()), 'pro@simulator.test')).toThrow('another account');
});

test('refuses a proof that names another browser than the first one', () => {
  const { desk, issue } = setUp();
  const token = issue();
  const other = vectorConfig.with(4, 'Mozilla/5.0 (X11; Linux x86_64)');
  expect(() =>
    desk.redeem(JSON.stringify({ ...token, p: `gAAAAAB${solveProof('0.5', '0fffff', other)}~S` }), ACCOUNT),
  ).toThrow('another browser');
});

test('where no proof is asked for, the first one comes back', () => {
  const { desk, issue } = setUp({ proofRequired: false });
  const token = issue();
  expect(token.p).toMatch(/^gAAAAAC/);
  expect(desk.redeem(JSON.stringify(token), ACCOUNT)).toBe(token.id);
  const other = { ...issue(), p: `gAAAAAC${solveProof('0.1', '0fffff')}~S` };
  expect(() => desk.redeem(JSON.stringify(other), ACCOUNT)).toThrow('no work was asked for');
});

test('the newer client asks without an account, for any, and names another flow at the end', () => {
  const { desk, issue } = setUp();
  const token = issue(ACCOUNT, headConfig, 'sora_init');
  expect(() => desk.redeem(JSON.stringify(token), ACCOUNT)).toThrow('flow must be "sora_2_create_task__auto"');
  const good = JSON.stringify({ ...token, flow: 'sora_2_create_task__auto' });
  expect(() => desk.redeem(good.replace(token.id, randomUUID()), ACCOUNT)).toThrow('id is not');
  expect(desk.redeem(good, 'pro@simulator.test')).toBe(token.id);
});

test('refuses a token whose two proofs are of different clients', () => {
  const { desk, issue } = setUp({ difficulty: '0fffff' });
  const token = issue(ACCOUNT, headConfig, 'sora_init');
  const p = `gAAAAAB${solveProof('0.5', '0fffff', vectorConfig)}~S`;
  const mixed = JSON.stringify({ ...token, p, flow: 'sora_2_create_task__auto' });
  expect(() => desk.redeem(mixed, ACCOUNT)).toThrow('do not fit the head client');
});

describe('asking for a token', () => {
  const request = (flow: string, config: readonly unknown[]) => ({
    p: `gAAAAAC${solveProof('0.5', '0fffff', config)}`,
    id: randomUUID(),
    flow,
  });
  const older = request('sora_2_create_task', vectorConfig);
  const newer = request('sora_init', headConfig);
  const ask = (asked: SentinelRequest, changes: Partial<SentinelCall> = {}) => {
    setUp().desk.issue(asked, ACCOUNT, { ...callOf(asked), ...changes });
  };

  test('is right in either dialect', () => {
    ask(older);
    ask(newer);
  });

  test.each([
    ['a first proof that is none', () => ask({ ...older, p: 'gAAAAACx' }), 'base64'],
    ['an unknown flow', () => ask({ ...older, flow: 'other' }), 'unknown'],
    ['the older flow without an account', () => ask(older, { hasAccessToken: false }), 'needs an access token'],
    ['the older flow as text', () => ask(older, { contentType: 'text/plain' }), 'application/json'],
    ['the older flow by another browser', () => ask(older, { userAgent: 'curl/8' }), 'another browser'],
    ["the older flow with the newer client's proof", () => ask({ ...older, p: newer.p }), 'do not fit the base'],
    ['the newer flow with an account', () => ask(newer, { hasAccessToken: true }), 'without an access token'],
    ['the newer flow as JSON', () => ask(newer, { contentType: 'application/json' }), 'text/plain'],
    ['the newer flow without itself in the user agent', () => ask(newer, { userAgent: browser }), 'user-agent'],
    ['the newer flow with spaces', () => ask(newer, { text: JSON.stringify(newer, null, 1) }), 'compact'],
    ["the newer flow with the older client's proof", () => ask({ ...newer, p: older.p }), 'do not fit the head'],
  ])('refuses %s', (_, asking, message) => {
    expect(asking).toThrow(message);
  });
});
