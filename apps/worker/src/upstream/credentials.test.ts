import type { UpstreamRequest, UpstreamResponse } from '@reelay/contracts/provider';
import type { CredentialView } from '@reelay/contracts/tokens';
import { TransportError } from '@reelay/contracts/upstream-error';
import { CredentialClient } from './credentials.js';

/** The token-manager as seen through HTTP. */
class Manager {
  readonly asked: UpstreamRequest[] = [];
  view: CredentialView = { accessToken: 'a-1', version: 1, expiresAt: null, target: 'sora', proxyUrl: null };
  answer: () => Promise<UpstreamResponse> = async () => answerOf(200, JSON.stringify(this.view));

  request = (request: UpstreamRequest): Promise<UpstreamResponse> => {
    this.asked.push(request);
    return this.answer();
  };
}

let manager: Manager;
let now: number;
let client: CredentialClient;

beforeEach(() => {
  manager = new Manager();
  now = 1_000_000;
  client = new CredentialClient({
    tokenManagerUrl: 'http://manager:1/',
    internalKey: 'key',
    http: manager,
    now: () => now,
  });
});

const answerOf = (status: number, text: string) => ({ status, headers: {}, text, bytes: Buffer.from(text) });
const refuse = (status: number, code: string) => async () =>
  answerOf(status, JSON.stringify({ error: { code, message: 'x' } }));
const unavailable = { code: 'credential_unavailable' };

describe('a credential', () => {
  it('is asked for with the internal key and kept until it expires', async () => {
    manager.view.expiresAt = now + 3_600_000;
    expect(await client.get('t/1')).toEqual(manager.view);
    await client.get('t/1');
    expect(manager.asked).toMatchObject([
      {
        url: 'http://manager:1/internal/tokens/t%2F1/credential',
        method: 'POST',
        headers: { authorization: 'Bearer key' },
        body: '{}',
      },
    ]);
    now += 3_580_000;
    await client.get('t/1');
    expect(manager.asked).toHaveLength(2);
  });

  it('is asked for once by many at the same time', async () => {
    await Promise.all([client.get('t'), client.get('t'), client.get('t')]);
    expect(manager.asked).toHaveLength(1);
  });

  it('that is not fresh is used as long as the token-manager is away', async () => {
    await client.get('t');
    now += 600_000;
    manager.answer = async () => {
      throw new TransportError('down', { sent: false, phase: 'connect' });
    };
    expect(await client.get('t')).toEqual(manager.view);
    await expect(client.get('other')).rejects.toMatchObject(unavailable);
  });

  it('that is not fresh is not used when the token-manager says no', async () => {
    await client.get('t');
    now += 600_000;
    manager.answer = refuse(503, 'credential_unavailable');
    await expect(client.get('t')).rejects.toMatchObject(unavailable);
  });

  it.each([
    ['a refusal', refuse(404, 'not_found')],
    ['an answer that is no JSON', async () => answerOf(200, '<html>')],
    ['an answer without a token', async () => answerOf(200, '{}')],
  ])('is unavailable after %s', async (_name, answer) => {
    manager.answer = answer;
    await expect(client.get('t')).rejects.toMatchObject(unavailable);
  });
});

describe('renewing', () => {
  it('names the version that was refused, and is done once by many', async () => {
    await client.get('t');
    manager.view = { ...manager.view, accessToken: 'a-2', version: 2 };
    const renewed = await Promise.all([client.renew('t', 1), client.renew('t', 1)]);
    expect(renewed.map((view) => view.version)).toEqual([2, 2]);
    expect(manager.asked.slice(1)).toMatchObject([{ body: '{"staleVersion":1}' }]);
    expect((await client.get('t')).accessToken).toBe('a-2');
  });

  it('asks nobody when a newer one is here already', async () => {
    manager.view.version = 5;
    await client.get('t');
    expect((await client.renew('t', 4)).version).toBe(5);
    expect(manager.asked).toHaveLength(1);
  });

  it('that fails leaves nothing refused behind', async () => {
    await client.get('t');
    manager.answer = refuse(503, 'credential_unavailable');
    await expect(client.renew('t', 1)).rejects.toMatchObject(unavailable);
    await expect(client.get('t')).rejects.toMatchObject(unavailable);
  });
});

describe('the way an attempt leaves by', () => {
  const route = (attemptId: string, key: string) => ({ attemptId, key });
  const asked = () => manager.asked.map(({ body }) => JSON.parse(String(body)) as object);

  it('is asked for by its attempt, and once for all that leave the same way', async () => {
    manager.view.proxyUrl = 'http://first:1';
    await client.get('t', route('a-1', 'first'));
    await client.get('t', route('a-2', 'first'));
    manager.view = { ...manager.view, proxyUrl: 'http://second:2' };
    expect((await client.get('t', route('a-3', 'second'))).proxyUrl).toBe('http://second:2');
    expect((await client.get('t', route('a-2', 'first'))).proxyUrl).toBe('http://first:1');
    await client.get('t');
    expect(asked()).toEqual([{ attemptId: 'a-1' }, { attemptId: 'a-3' }, {}]);
  });

  it('does not bring back a version that was refused on another one', async () => {
    for (const key of ['first', 'second']) await client.get('t', route(`a-${key}`, key));
    manager.view = { ...manager.view, accessToken: 'a-2', version: 2 };
    expect((await client.renew('t', 1, route('a-first', 'first'))).version).toBe(2);
    expect((await client.get('t', route('a-second', 'second'))).version).toBe(2);
    expect(asked().slice(2)).toEqual([{ staleVersion: 1, attemptId: 'a-first' }, { attemptId: 'a-second' }]);
  });

  it('that was changed for calls of no attempt is known within half a minute', async () => {
    await client.get('t');
    manager.view = { ...manager.view, proxyUrl: 'http://second:2' };
    now += 30_000;
    expect((await client.get('t')).proxyUrl).toBe('http://second:2');
  });
});
