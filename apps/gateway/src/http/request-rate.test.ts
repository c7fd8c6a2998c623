import type { ServerResponse } from 'node:http';
import { defaultSettings } from '@reelay/contracts/settings';
import { durationText, RequestRate } from './request-rate.js';

const client = { apiKeyId: 'key', ownerId: 'owner', allowedModels: null, allowedKinds: null };

function rateOf(settings: Partial<typeof defaultSettings> = {}) {
  let count = 0;
  const headers: Record<string, unknown> = {};
  const rate = new RequestRate({
    settings: { read: async () => ({ ...defaultSettings, ...settings }) },
    window: {
      count: async () => {
        count += 1;
        return { count, endsInMs: 30_100 };
      },
    },
  });
  const response = { setHeader: (name: string, value: unknown) => Object.assign(headers, { [name]: value }) };
  return { rate, headers, response: response as unknown as ServerResponse, counted: () => count };
}

test('a key without a limit is neither counted nor told anything', async () => {
  const { rate, headers, response, counted } = rateOf();
  await rate.admit({ ...client, requestsPerMinute: null }, response);
  expect([headers, counted()]).toEqual([{}, 0]);
});

test('every answer tells limit, what is left and when it begins anew, also the one that refuses', async () => {
  const { rate, headers, response } = rateOf({ 'rate.requestsPerMinute': 9 });
  const limited = { ...client, requestsPerMinute: 2 };
  const told: unknown[] = [];
  for (let n = 0; n < 2; n += 1) {
    await rate.admit(limited, response);
    told.push(headers['x-ratelimit-remaining-requests']);
  }
  const refusal = rate.admit(limited, response);
  await expect(refusal).rejects.toMatchObject({ code: 'rate_limit_exceeded', retryAfterMs: 30_100 });
  expect(told).toEqual(['1', '0']);
  expect(headers).toEqual({
    'x-ratelimit-limit-requests': '2',
    'x-ratelimit-remaining-requests': '0',
    'x-ratelimit-reset-requests': '31s',
  });
});

test('a key that says nothing has the limit of the settings', async () => {
  const { rate, headers, response } = rateOf({ 'rate.requestsPerMinute': 9 });
  await rate.admit({ ...client, requestsPerMinute: null }, response);
  expect(headers).toMatchObject({ 'x-ratelimit-limit-requests': '9', 'x-ratelimit-remaining-requests': '8' });
});

test.each([
  [0, '0s'],
  [1, '1s'],
  [59_000, '59s'],
  [59_001, '1m0s'],
  [360_000, '6m0s'],
])('%i ms are written %s', (ms, text) => expect(durationText(ms)).toBe(text));
