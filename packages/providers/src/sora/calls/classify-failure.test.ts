import type { UpstreamResponse } from '@reelay/contracts/provider';
import { TransportError, UpstreamError } from '@reelay/contracts/upstream-error';
import { parseRecorded, readRecorded } from '../__fixtures__/recorded.js';
import { classifyAnswer, classifyFailure } from './classify-failure.js';
import { failureTable } from './failure-table.js';
import type { UpstreamStep } from './upstream-step.js';

const nowMs = Date.UTC(2026, 0, 20);
const steps = {
  call: { kind: 'call', name: 'GET nf/pending/v2' },
  submit: { kind: 'submit', name: 'POST nf/create' },
  exchange: { kind: 'exchange', name: 'POST oauth/token' },
  offer: { kind: 'offer', name: 'POST invite/accept' },
  upload: { kind: 'offer', name: 'POST uploads', about: 'reference' },
  video: { kind: 'submit', name: 'POST characters/upload', about: 'reference' },
  extend: { kind: 'submit', name: 'POST long_video_extension', about: 'parent' },
  finalize: { kind: 'submit', name: 'POST characters/finalize', about: 'character' },
  media: { kind: 'call', name: 'GET the avatar', about: 'media' },
} as const satisfies Record<string, UpstreamStep>;

const errors = parseRecorded<Record<string, unknown>>('errors.json');
const challenge = readRecorded('challenge.html');
/** The upstream's own page, into which Cloudflare puts its script as into every page that it passes on. */
const watched = `<title>Service Unavailable</title><script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>`;
const translated = `<title>Nur einen Moment…</title><script>window._cf_chl_opt={cType:'managed'}</script>`;
const lost = (phase: 'write' | 'response' | 'timeout', hop: 'proxy' | 'upstream' = 'upstream') =>
  new TransportError('read ECONNRESET', { sent: true, phase, hop });
const notSent = (phase: 'connect' | 'before_send', hop: 'proxy' | 'upstream' = 'upstream') =>
  new TransportError('connect ECONNREFUSED', { sent: false, phase, hop });
const answer = (status: number, body: unknown, headers: Record<string, string> = {}): UpstreamResponse => ({
  status,
  headers,
  text: typeof body === 'string' ? body : JSON.stringify(body),
  bytes: new Uint8Array(),
});

/** step, what happened, submit class, fault, effect on the token, code */
type Case = [keyof typeof steps, string, unknown, string, string, string, string];
const cases: Case[] = [
  ['submit', 'beforeSend refuses', notSent('before_send'), 'not_sent', 'upstream', 'none', 'service_unavailable'],
  ['submit', 'the proxy is dead', notSent('connect', 'proxy'), 'not_sent', 'proxy', 'none', 'upstream_unavailable'],
  ['submit', 'the upstream is dead', notSent('connect'), 'not_sent', 'upstream', 'none', 'upstream_unavailable'],
  ['submit', 'a reset while writing', lost('write'), 'unknown', 'upstream', 'none', 'upstream_outcome_unknown'],
  ['submit', 'a reset after sending', lost('response'), 'unknown', 'upstream', 'none', 'upstream_outcome_unknown'],
  ['submit', 'the proxy dies', lost('response', 'proxy'), 'unknown', 'proxy', 'none', 'upstream_outcome_unknown'],
  ['submit', 'a timeout', lost('timeout'), 'unknown', 'upstream', 'none', 'upstream_outcome_unknown'],
  ['submit', 'any other error', new Error('?'), 'unknown', 'upstream', 'none', 'upstream_outcome_unknown'],
  ['submit', '500', answer(500, errors.invalid), 'unknown', 'upstream', 'none', 'upstream_outcome_unknown'],
  [
    'submit',
    '503 of overload',
    answer(503, errors.overload),
    'unknown',
    'upstream',
    'none',
    'upstream_outcome_unknown',
  ],
  ['submit', '502 of a machine', answer(502, '<html>'), 'unknown', 'upstream', 'none', 'upstream_outcome_unknown'],
  ['submit', 'an empty 200', answer(200, ''), 'unknown', 'upstream', 'none', 'upstream_outcome_unknown'],
  ['submit', 'a 200 of HTML', answer(200, '<html>'), 'unknown', 'upstream', 'none', 'upstream_outcome_unknown'],
  ['submit', 'a 200 without id', answer(200, {}), 'unknown', 'upstream', 'none', 'upstream_outcome_unknown'],
  ['submit', 'a redirect', answer(302, ''), 'unknown', 'upstream', 'none', 'upstream_outcome_unknown'],
  ['submit', '400 of HTML', answer(400, '<html>'), 'unknown', 'upstream', 'none', 'upstream_outcome_unknown'],
  ['submit', '408', answer(408, errors.invalid), 'unknown', 'upstream', 'none', 'upstream_outcome_unknown'],
  ['submit', 'Cloudflare 403', answer(403, challenge), 'not_sent', 'proxy', 'cool_down', 'upstream_unavailable'],
  ['submit', 'Cloudflare 429', answer(429, challenge), 'not_sent', 'proxy', 'cool_down', 'upstream_unavailable'],
  ['submit', 'Cloudflare 503', answer(503, challenge), 'not_sent', 'proxy', 'cool_down', 'upstream_unavailable'],
  ['submit', 'country', answer(403, errors.country), 'refused', 'proxy', 'cool_down', 'country_not_supported'],
  [
    'submit',
    '401',
    answer(401, errors.tokenInvalidated),
    'refused',
    'token',
    'credential_rejected',
    'credential_unavailable',
  ],
  ['submit', '401 without body', answer(401, ''), 'refused', 'token', 'credential_rejected', 'credential_unavailable'],
  ['submit', '429', answer(429, errors.invalid), 'refused', 'token', 'cool_down', 'upstream_unavailable'],
  ['submit', '429 without body', answer(429, ''), 'refused', 'token', 'cool_down', 'upstream_unavailable'],
  ['submit', 'concurrency', answer(400, errors.concurrency), 'refused', 'token', 'cool_down', 'upstream_unavailable'],
  ['submit', 'overload', answer(400, errors.overload), 'refused', 'upstream', 'none', 'upstream_unavailable'],
  ['submit', 'heavy_load', answer(400, { error: 'heavy_load' }), 'refused', 'upstream', 'none', 'upstream_unavailable'],
  [
    'submit',
    'HEAVY_LOAD in plain text',
    answer(400, 'HEAVY_LOAD'),
    'refused',
    'upstream',
    'none',
    'upstream_unavailable',
  ],
  ['submit', 'content policy', answer(400, errors.policy), 'refused', 'client', 'none', 'content_policy_violation'],
  ['submit', 'proof refused', answer(400, errors.proof), 'refused', 'upstream', 'none', 'upstream_refused'],
  ['submit', '403', answer(403, errors.invalid), 'refused', 'token', 'cool_down', 'upstream_refused'],
  ['submit', '402', answer(402, errors.invalid), 'refused', 'token', 'cool_down', 'upstream_refused'],
  ['submit', '404', answer(404, ''), 'refused', 'upstream', 'none', 'upstream_refused'],
  ['submit', '422', answer(422, errors.invalid), 'refused', 'client', 'none', 'upstream_refused'],
  ['submit', 'error as string', answer(400, { error: 'bad prompt' }), 'refused', 'client', 'none', 'upstream_refused'],
  ['submit', 'error null', answer(400, { error: null }), 'refused', 'client', 'none', 'upstream_refused'],
  ['submit', 'error missing', answer(400, { detail: 'no' }), 'refused', 'client', 'none', 'upstream_refused'],
  ['call', 'a dead proxy', notSent('connect', 'proxy'), 'not_sent', 'proxy', 'none', 'upstream_unavailable'],
  ['call', 'a reset', lost('response'), 'not_sent', 'upstream', 'none', 'upstream_unavailable'],
  ['call', 'any other error', new TypeError('?'), 'not_sent', 'upstream', 'none', 'upstream_unavailable'],
  ['call', '500', answer(500, ''), 'not_sent', 'upstream', 'none', 'upstream_unavailable'],
  ['call', '400', answer(400, errors.policy), 'not_sent', 'upstream', 'none', 'upstream_unavailable'],
  ['call', 'a strange 200', answer(200, {}), 'not_sent', 'upstream', 'none', 'upstream_unavailable'],
  ['call', 'Cloudflare', answer(403, challenge), 'not_sent', 'proxy', 'cool_down', 'upstream_unavailable'],
  [
    'call',
    '401',
    answer(401, errors.unauthorized),
    'refused',
    'token',
    'credential_rejected',
    'credential_unavailable',
  ],
  [
    'call',
    '400 token_expired',
    answer(400, { error: { code: 'token_expired' } }),
    'refused',
    'token',
    'credential_rejected',
    'credential_unavailable',
  ],
  ['call', '429', answer(429, ''), 'refused', 'token', 'cool_down', 'upstream_unavailable'],
  ['call', 'cf_shield_429', answer(429, errors.shield), 'not_sent', 'proxy', 'cool_down', 'upstream_unavailable'],
  ['submit', 'cf_shield_429', answer(400, errors.shield), 'not_sent', 'proxy', 'cool_down', 'upstream_unavailable'],
  [
    'submit',
    "Cloudflare's line of text",
    answer(429, 'error code: 1015'),
    'not_sent',
    'proxy',
    'cool_down',
    'upstream_unavailable',
  ],
  ['submit', 'quota', answer(403, errors.quota), 'refused', 'token', 'cool_down', 'upstream_unavailable'],
  ['submit', 'quota as 400', answer(400, errors.quota), 'refused', 'token', 'cool_down', 'upstream_unavailable'],
  ['submit', 'quota as 429', answer(429, errors.quota), 'refused', 'token', 'cool_down', 'upstream_unavailable'],
  ['submit', 'a length limit', answer(400, errors.tooLong), 'refused', 'client', 'none', 'upstream_refused'],
  ['submit', 'plan', answer(403, errors.plan), 'refused', 'token', 'cool_down', 'upstream_refused'],
  ['upload', 'a bad image', answer(400, errors.file), 'refused', 'client', 'none', 'invalid_reference'],
  ['upload', '413 of a machine', answer(413, '<html>'), 'refused', 'client', 'none', 'invalid_reference'],
  ['upload', '415', answer(415, errors.file), 'refused', 'client', 'none', 'invalid_reference'],
  ['upload', '422', answer(422, errors.file), 'refused', 'client', 'none', 'invalid_reference'],
  ['upload', 'policy', answer(400, errors.policy), 'refused', 'client', 'none', 'content_policy_violation'],
  ['upload', 'error null', answer(400, { error: null }), 'refused', 'client', 'none', 'invalid_reference'],
  ['upload', '400 of HTML', answer(400, '<html>'), 'not_sent', 'upstream', 'none', 'upstream_unavailable'],
  ['upload', '403', answer(403, errors.plan), 'refused', 'token', 'cool_down', 'upstream_refused'],
  ['upload', '429', answer(429, ''), 'refused', 'token', 'cool_down', 'upstream_unavailable'],
  ['upload', '500', answer(500, ''), 'not_sent', 'upstream', 'none', 'upstream_unavailable'],
  ['upload', 'a reset', lost('write'), 'not_sent', 'upstream', 'none', 'upstream_unavailable'],
  ['upload', 'a 200 without id', answer(200, {}), 'not_sent', 'upstream', 'none', 'upstream_unavailable'],
  ['upload', 'overload', answer(400, errors.overload), 'refused', 'upstream', 'none', 'upstream_unavailable'],
  ['upload', 'country', answer(403, errors.country), 'refused', 'proxy', 'cool_down', 'country_not_supported'],
  [
    'upload',
    '401',
    answer(401, errors.tokenInvalidated),
    'refused',
    'token',
    'credential_rejected',
    'credential_unavailable',
  ],
  ['video', 'a bad video', answer(400, errors.file), 'refused', 'client', 'none', 'invalid_reference'],
  ['video', 'a reset', lost('write'), 'unknown', 'upstream', 'none', 'upstream_outcome_unknown'],
  ['extend', 'an unknown draft', answer(404, errors.notFound), 'refused', 'client', 'none', 'not_found'],
  ['extend', 'a deleted draft', answer(410, errors.notFound), 'refused', 'client', 'none', 'not_found'],
  ['extend', "somebody else's draft", answer(403, errors.foreign), 'refused', 'client', 'none', 'not_found'],
  ['extend', 'plan', answer(403, errors.plan), 'refused', 'token', 'cool_down', 'upstream_refused'],
  ['extend', '404 of a machine', answer(404, '<html>'), 'refused', 'upstream', 'none', 'upstream_refused'],
  ['extend', 'quota', answer(403, errors.quota), 'refused', 'token', 'cool_down', 'upstream_unavailable'],
  ['finalize', 'a taken name', answer(400, errors.username), 'refused', 'upstream', 'none', 'upstream_unavailable'],
  ['finalize', '409', answer(409, errors.notFound), 'refused', 'upstream', 'none', 'upstream_unavailable'],
  ['finalize', 'an unknown cameo', answer(404, errors.notFound), 'refused', 'client', 'none', 'character_failed'],
  ['finalize', 'a bad name', answer(400, errors.badName), 'refused', 'client', 'none', 'upstream_refused'],
  ['finalize', 'a reset', lost('response'), 'unknown', 'upstream', 'none', 'upstream_outcome_unknown'],
  ['media', '403', answer(403, '<Error/>'), 'not_sent', 'upstream', 'none', 'upstream_unavailable'],
  ['media', '401', answer(401, ''), 'not_sent', 'upstream', 'none', 'upstream_unavailable'],
  ['media', '404', answer(404, ''), 'not_sent', 'upstream', 'none', 'upstream_unavailable'],
  ['media', 'a redirect', answer(302, ''), 'not_sent', 'upstream', 'none', 'upstream_unavailable'],
  ['media', 'Cloudflare', answer(403, challenge), 'not_sent', 'proxy', 'cool_down', 'upstream_unavailable'],
  ['offer', 'a bad code', answer(400, errors.invalid), 'refused', 'client', 'none', 'upstream_refused'],
  ['offer', 'a reset', lost('response'), 'not_sent', 'upstream', 'none', 'upstream_unavailable'],
  ['exchange', 'a dead upstream', notSent('connect'), 'not_sent', 'upstream', 'none', 'upstream_unavailable'],
  ['exchange', 'a reset', lost('response'), 'unknown', 'upstream', 'none', 'upstream_outcome_unknown'],
  ['exchange', '500', answer(500, ''), 'unknown', 'upstream', 'none', 'upstream_outcome_unknown'],
  ['exchange', 'a strange 200', answer(200, 'null'), 'unknown', 'upstream', 'none', 'upstream_outcome_unknown'],
  [
    'exchange',
    'a used refresh token',
    answer(400, errors.refreshTokenReused),
    'refused',
    'token',
    'credential_rejected',
    'credential_unavailable',
  ],
  [
    'exchange',
    '401',
    answer(401, errors.refreshTokenReused),
    'refused',
    'token',
    'credential_rejected',
    'credential_unavailable',
  ],
  ['exchange', '429', answer(429, ''), 'refused', 'token', 'cool_down', 'upstream_unavailable'],
  ['exchange', '422', answer(422, errors.invalid), 'not_sent', 'upstream', 'none', 'upstream_unavailable'],
  ['exchange', 'overload', answer(400, errors.overload), 'refused', 'upstream', 'none', 'upstream_unavailable'],
  [
    'exchange',
    'a 400 of no words',
    answer(400, { error: null }),
    'not_sent',
    'upstream',
    'none',
    'upstream_unavailable',
  ],
  ['exchange', 'country', answer(403, errors.country), 'refused', 'proxy', 'cool_down', 'country_not_supported'],
  ['exchange', 'region', answer(403, errors.region), 'refused', 'proxy', 'cool_down', 'country_not_supported'],
  [
    'submit',
    'a 503 page of the upstream',
    answer(503, watched),
    'unknown',
    'upstream',
    'none',
    'upstream_outcome_unknown',
  ],
  [
    'submit',
    'a challenge in German',
    answer(403, translated),
    'not_sent',
    'proxy',
    'cool_down',
    'upstream_unavailable',
  ],
  [
    'submit',
    'a 500 of the shield',
    answer(500, errors.shield),
    'unknown',
    'upstream',
    'none',
    'upstream_outcome_unknown',
  ],
];

const classify = (step: keyof typeof steps, failure: unknown): UpstreamError =>
  failure instanceof Error
    ? classifyFailure(steps[step], failure)
    : classifyAnswer(steps[step], failure as UpstreamResponse, nowMs);

describe('the failure table', () => {
  test.each(cases)('%s: %s', (step, _name, failure, submitClass, fault, effect, code) => {
    const error = classify(step, failure);
    expect({
      class: error.submitClass,
      fault: error.fault,
      effect: error.tokenEffect.effect,
      code: error.code,
    }).toEqual({
      class: submitClass,
      fault,
      effect,
      code,
    });
    expect(error.message).toContain(steps[step].name);
  });

  test('has no row that no case reaches', () => {
    const reached = new Set(cases.map(([step, , failure]) => classify(step, failure).message.split(' (')[0]));
    expect(failureTable.filter((row) => !reached.has(row.says)).map((row) => row.name)).toEqual([]);
  });

  test('never calls a repeatable step unknown, and never a paid one "not sent" once its outcome is open', () => {
    for (const [step, , failure] of cases) {
      const { submitClass } = classify(step, failure);
      const isOnceOnly = ['submit', 'exchange'].includes(steps[step].kind);
      if (!isOnceOnly) expect(submitClass).not.toBe('unknown');
      if (failure instanceof TransportError && isOnceOnly) expect(submitClass === 'unknown').toBe(failure.sent);
    }
  });

  test("a client's mistake never touches the token, in whatever step (fault 22)", () => {
    const clients = failureTable.filter(({ fault }) => fault === 'client');
    expect(clients.length).toBeGreaterThan(4);
    for (const row of clients) expect([row.name, row.effect ?? 'none']).toEqual([row.name, 'none']);
    for (const [step, , failure] of cases) {
      const { fault, tokenEffect } = classify(step, failure);
      if (fault === 'client') expect(tokenEffect).toEqual({ effect: 'none' });
    }
  });

  test.each([
    ['a name in the prompt', 'There is no character @quota that you may use.'],
    ['the prompt in quotation marks', 'The prompt "out of credits, the quota is a lie" cannot be used.'],
    ['the prompt in the other quotation marks', 'Not allowed: \u201cmy quota\u201d.'],
  ])('words of the client that the upstream repeats are not its own: %s (fault 22)', (_name, message) => {
    const error = classify('submit', answer(400, { error: { message, code: 'invalid_value' } }));
    expect(error).toMatchObject({ fault: 'client', tokenEffect: { effect: 'none' } });
    expect(error.message).toContain(message);
  });

  test('a client cannot name a character so that its request is tried for ever', () => {
    for (const name of ['heavy_load', 'sentinel']) {
      const message = `There is no character @${name} that you may use.`;
      expect(classify('submit', answer(400, { error: { message } }))).toMatchObject({ fault: 'client' });
    }
  });

  test('a quota that is used up lets the account rest, and never ends it (fault 18)', () => {
    const effects = [400, 403, 429].map((status) => classify('submit', answer(status, errors.quota)).tokenEffect);
    expect(effects).toEqual(Array(3).fill({ effect: 'cool_down' }));
  });

  test('a dead access token is known by its code on every step, whatever its status (fault 10)', () => {
    for (const step of Object.keys(steps) as (keyof typeof steps)[]) {
      if (step === 'media') continue;
      for (const status of [400, 401, 403]) {
        expect(classify(step, answer(status, errors.tokenInvalidated)).tokenEffect).toEqual({
          effect: 'credential_rejected',
        });
      }
    }
  });

  test('rests for as long as Retry-After says, in seconds or as a date, a day at most', () => {
    const wait = (value: string) => classify('submit', answer(429, '', { 'retry-after': value })).tokenEffect;
    expect(wait('120')).toEqual({ effect: 'cool_down', retryAfterMs: 120_000 });
    expect(wait('Tue, 20 Jan 2026 00:05:00 GMT')).toEqual({ effect: 'cool_down', retryAfterMs: 300_000 });
    expect(wait('99999999')).toEqual({ effect: 'cool_down', retryAfterMs: 86_400_000 });
    expect(wait('-5')).toEqual({ effect: 'cool_down', retryAfterMs: 0 });
    expect(wait('soon')).toEqual({ effect: 'cool_down' });
  });

  test('gives the reason in one short line and hides what looks like a secret', () => {
    const secret = `eyJhbGciOiJub25lIn0.${'a'.repeat(40)}.`;
    const { message } = classify('submit', answer(400, { error: { message: `no\n  ${secret} ${'x'.repeat(900)}` } }));
    expect(message).toContain('POST nf/create answered 400: no [hidden]');
    expect(message).not.toContain('eyJ');
    expect(message.length).toBeLessThan(500);
  });

  test('hands on what beforeSend threw as the cause', () => {
    const thrown = new Error('not its turn');
    const transport = new TransportError('held back', { sent: false, phase: 'before_send', cause: thrown });
    expect(classify('submit', transport).cause).toBe(thrown);
  });

  test('leaves an error that is classified already as it is', () => {
    const error = new UpstreamError({ code: 'upstream_failed', message: 'm', submitClass: 'refused', fault: 'client' });
    expect(classifyFailure(steps.submit, error)).toBe(error);
  });
});
