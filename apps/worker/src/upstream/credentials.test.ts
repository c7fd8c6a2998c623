import type { UpstreamRequest, UpstreamResponse } from '@reelay/contracts/provider';
import type { CredentialView } from '@reelay/contracts/tokens';
import { TransportError } from '@reelay/contracts/upstream-error';
import { CredentialClient } from './credentials.js';

/** The token-manager as seen through HTTP. */
class Manager {
  readonly asked: UpstreamRequest[] = [];
  view: CredentialView = { accessToken: 'a-1', version: 1, expiresAt: null, target: 'sora', proxyUrl: null };
  answer: () => Promise<UpstreamResponse> = async () => ({ status: 200, headers: {}, text: JSON.stringify(this.view) });

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

const refuse = (status: number, code: string) => async () => ({
  status,
  headers: {},
  text: JSON.stringify({ error: { code, message: 'x' } }),
});
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
    ['an answer that is no JSON', async () => ({ status: 200, headers: {}, text: '<html>' })],
    ['an answer without a token', async () => ({ status: 200, headers: {}, text: '{}' })],
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
