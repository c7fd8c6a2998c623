/** What goes wrong between the Sora provider and the simulator: how each failure is told, and how the lists settle what became of it. */
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { Operation } from '@reelay/contracts/provider';
import { waitFor } from '@reelay/testing/wait-for';
import { sampleImage } from '../support/samples.js';
import { SoraDriver } from '../support/sora-driver.js';
import { characterRequest, enhanceRequest, imageRequest, reference, videoRequest } from '../support/sora-requests.js';

let sora: SoraDriver;
beforeAll(async () => {
  sora = await SoraDriver.start('failures');
});
afterAll(() => sora?.stop());
beforeEach(() => sora.reset());

const submitted = async (request: GenerationRequest): Promise<Operation> =>
  (await sora.submitStep(request)).submitted.operation;

const storyboard = { instructions: '', shots: [{ seconds: '5', scene: 'a cat' }] };

describe('a submit', () => {
  test.each([
    ['overload', 'create', 'refused', 'upstream', 'none'],
    ['token_invalidated', 'create', 'refused', 'token', 'credential_rejected'],
    ['token_expired', 'create', 'refused', 'token', 'credential_rejected'],
    ['unauthorized', 'create', 'refused', 'token', 'credential_rejected'],
    ['rate_limited', 'create', 'refused', 'token', 'cool_down'],
    ['quota_exhausted', 'create', 'refused', 'token', 'cool_down'],
    ['country_block', 'create', 'refused', 'proxy', 'cool_down'],
    ['error_as_string', 'create', 'refused', 'client', 'none'],
    ['error_null', 'create', 'refused', 'client', 'none'],
    ['cloudflare_403', 'create', 'not_sent', 'proxy', 'cool_down'],
    ['cloudflare_429', 'create', 'not_sent', 'proxy', 'cool_down'],
    ['server_error', 'create', 'unknown', 'upstream', 'none'],
    ['empty_200', 'create', 'unknown', 'upstream', 'none'],
    ['not_json_200', 'create', 'unknown', 'upstream', 'none'],
    ['reset', 'create', 'unknown', 'upstream', 'none'],
    ['server_error', 'sentinel', 'not_sent', 'upstream', 'none'],
    ['not_json_200', 'sentinel', 'not_sent', 'upstream', 'none'],
    ['empty_200', 'sentinel', 'not_sent', 'upstream', 'none'],
    ['rate_limited', 'sentinel', 'refused', 'token', 'cool_down'],
    ['reset', 'sentinel', 'not_sent', 'upstream', 'none'],
  ])('%s at %s is %s', async (kind, endpoint, submitClass, fault, effect) => {
    await sora.simulator.fault({ kind, endpoint, count: 1 });
    await expect(sora.submitStep(videoRequest('a fault'))).rejects.toMatchObject({
      submitClass,
      fault,
      tokenEffect: { effect },
    });
    expect(await sora.simulator.submits()).toEqual([]);
    await expect(submitted(videoRequest('and after it'))).resolves.toMatchObject({ id: expect.any(String) });
  });

  test.each([
    ['rate_limited', { retryAfterSeconds: 90 }, 90_000],
    ['quota_exhausted', { resetsInSeconds: 3_600 }, 3_600_000],
    ['cloudflare_429', { retryAfterSeconds: 30 }, 30_000],
  ])('%s says for how long', async (kind, times, retryAfterMs) => {
    await sora.simulator.fault({ kind, endpoint: 'create', count: 1, ...times });
    await expect(sora.submitStep(videoRequest('later'))).rejects.toMatchObject({
      tokenEffect: { effect: 'cool_down', retryAfterMs },
    });
  });

  test.each<[string, string, () => GenerationRequest]>([
    ['an image', 'video_gen', () => imageRequest('x')],
    ['a storyboard', 'storyboard', () => videoRequest('x', { workflow: 'storyboard', storyboard })],
    ['an enhancement', 'enhance', () => enhanceRequest('x', { level: 'short', seconds: 10 })],
  ])('of %s without a readable answer is unknown, too', async (_name, endpoint, request) => {
    await sora.simulator.fault({ kind: 'server_error', endpoint, count: 1 });
    await expect(sora.submitStep(request())).rejects.toMatchObject({ submitClass: 'unknown' });
  });

  test.each([
    ['server_error', 'not_sent'],
    ['reset', 'not_sent'],
    ['reply_lost', 'not_sent'],
    ['token_invalidated', 'refused'],
  ])('whose upload fails by %s is %s, and the upload is repeated', async (kind, submitClass) => {
    const bytes = await sampleImage('webp');
    sora.references.set('picture', bytes);
    await sora.simulator.fault({ kind, endpoint: 'uploads', count: 1 });
    const request = videoRequest('x', { references: [reference('picture', 'image/webp', bytes)] });
    await expect(sora.submitStep(request)).rejects.toMatchObject({ submitClass });
    expect(await sora.simulator.submits()).toEqual([]);
    await expect(submitted(request)).resolves.toMatchObject({ id: expect.any(String) });
  });

  test('with a damaged image is the fault of who sent it', async () => {
    const bytes = (await sampleImage('png')).subarray(0, 60);
    sora.references.set('picture', bytes);
    const request = imageRequest('x', { references: [reference('picture', 'image/png', bytes)] });
    await expect(sora.submitStep(request)).rejects.toMatchObject({ code: 'invalid_reference', fault: 'client' });
  });

  test.each([
    ['a Pro model', { upstream: { model: 'sy_ore', size: 'small' } }],
    ['25 s', { frames: 750, seconds: 25 }],
  ])('of %s on an account without Pro is refused, and costs nothing', async (_name, changes) => {
    await expect(sora.submitStep(videoRequest('x', changes))).rejects.toMatchObject({ submitClass: 'refused' });
    expect(await sora.simulator.submits()).toEqual([]);
  });

  test('is not made when the commit before it fails', async () => {
    const beforeSend = () => Promise.reject(new Error('cancelled meanwhile'));
    await expect(sora.submitStep(videoRequest('never'), { changes: { beforeSend } })).rejects.toMatchObject({
      submitClass: 'not_sent',
      cause: { message: 'cancelled meanwhile' },
    });
    expect(await sora.simulator.submits()).toEqual([]);
  });
});

describe('a lost answer', () => {
  const losses = ['reply_lost', 'reply_hangs'];
  const requests: [string, 'image' | 'video', string, GenerationRequest][] = [
    ['an image', 'image', 'video_gen', imageRequest('lost')],
    ['a video', 'video', 'create', videoRequest('lost')],
    ['a storyboard', 'video', 'storyboard', videoRequest('lost', { workflow: 'storyboard', storyboard })],
    [
      'a remix',
      'video',
      'create',
      videoRequest('lost', { workflow: 'remix', parent: { type: 'share', id: `s_${'5'.repeat(32)}` } }),
    ],
  ];
  const cases = requests.flatMap(([name, ...rest]) => losses.map((kind) => [name, kind, ...rest] as const));

  test.each(cases)(
    'to the submit of %s is found by elimination: %s',
    async (_name, kind, slotKind, endpoint, request) => {
      const other = slotKind === 'image' ? videoRequest('of the other list') : imageRequest('of the other list');
      const known = await submitted(slotKind === 'image' ? imageRequest('known') : videoRequest('known'));
      await sora.outcomeOf(known);
      const before = await sora.provider.list({ slotKind }, sora.context());
      expect(before).toMatchObject({ pending: [], finished: [known.id], complete: true });
      await submitted(other);

      await sora.simulator.fault({ kind, endpoint, count: 1 });
      await expect(sora.submitStep(request, { changes: { submitTimeoutMs: 300 } })).rejects.toMatchObject({
        submitClass: 'unknown',
      });
      const accepted = (await sora.simulator.submits()).at(-1);
      expect(accepted?.prompt).toContain(request.storyboard ? 'a cat' : 'lost');
      const until = new Set(before.finished);
      const isFound = async () => {
        const after = await sora.provider.list({ slotKind, until }, sora.context());
        const ids = [...after.pending, ...after.finished].filter((id) => !until.has(id));
        // In the gap between the lists it is on none; anything else that were on one would be adopted in its place.
        if (ids.length > 0) expect(ids).toEqual([accepted?.taskId]);
        return after.complete && ids.length === 1;
      };
      await waitFor(isFound, { timeoutMs: 20_000 });
      // As the worker does with an adopted id: what sort it is, is all that is known.
      const adopted = { id: accepted!.taskId, data: { type: slotKind } };
      expect(await sora.outcomeOf(adopted)).toMatchObject({ state: 'done', media: [{ kind: slotKind }] });
    },
  );

  test.each(['image', 'video'] as const)(
    'to a submit that never arrived leaves nothing on the lists: %s',
    async (slotKind) => {
      const endpoint = slotKind === 'image' ? 'video_gen' : 'create';
      await sora.simulator.fault({ kind: 'reset', endpoint, count: 1 });
      const request = slotKind === 'image' ? imageRequest('lost') : videoRequest('lost');
      await expect(sora.submitStep(request)).rejects.toMatchObject({ submitClass: 'unknown' });
      expect(await sora.provider.list({ slotKind }, sora.context())).toEqual({
        pending: [],
        finished: [],
        complete: true,
      });
    },
  );
});

describe('a poll', () => {
  test('tells progress that grows while a task renders', async () => {
    await sora.simulator.post('speed', { renderMs: 2_500 });
    const operation = await submitted(videoRequest('slowly'));
    const seen: number[] = [];
    await waitFor(
      async () => {
        const outcome = await sora.pollOne(operation);
        if (outcome.state === 'pending' && outcome.progress !== undefined) seen.push(outcome.progress);
        return outcome.state === 'done';
      },
      { timeoutMs: 25_000 },
    );
    expect(seen.length).toBeGreaterThan(2);
    expect(seen).toEqual([...seen].sort((one, other) => one - other));
    expect(seen.at(-1)).toBeGreaterThan(50);
  });

  test.each([
    ['[sim:violation]', videoRequest, 'content_policy_violation'],
    ['[sim:missing-urls]', videoRequest, 'content_policy_violation'],
    ['[sim:image-failed]', imageRequest, 'upstream_failed'],
  ])('ends a task that came to nothing: %s', async (marker, request, code) => {
    const operation = await submitted(request(`${marker} no`));
    expect(await sora.outcomeOf(operation)).toMatchObject({ state: 'refused', error: { code } });
  });

  test.each([
    ['[sim:vanishing]', videoRequest],
    ['[sim:vanishing]', imageRequest],
    ['[sim:unlisted]', videoRequest],
    ['[sim:unlisted]', imageRequest],
    ['[sim:image-without-url]', imageRequest],
  ])('never ends a task that is only not there: %s', async (marker, request) => {
    const operation = await submitted(request(marker));
    const after = await submitted(request('after it'));
    await sora.outcomeOf(after);
    expect((await sora.pollOne(operation)).state).toBe('pending');
  });

  test.each([
    ['progress_null', videoRequest],
    ['progress_missing', videoRequest],
    ['progress_null', imageRequest],
    ['progress_missing', imageRequest],
  ])('takes %s for nothing said yet', async (kind, request) => {
    await sora.simulator.fault({ kind });
    const operation = await submitted(request('x'));
    expect(await sora.pollOne(operation)).toMatchObject({ state: 'pending', progress: 0 });
    expect((await sora.outcomeOf(operation)).state).toBe('done');
  });

  test('waits while lists lag behind', async () => {
    const operation = await submitted(videoRequest('x'));
    await sora.outcomeOf(operation);
    await sora.simulator.fault({ kind: 'list_lag', lagMs: 60_000, count: 2 });
    expect((await sora.pollOne(operation)).state).toBe('pending');
    expect((await sora.outcomeOf(operation)).state).toBe('done');
  });

  test.each([
    ['pending_object', 'pending'],
    ['not_json_200', 'pending'],
    ['server_error', 'drafts'],
    ['rate_limited', 'drafts'],
    ['token_expired', 'pending'],
  ])('that cannot read anything fails and ends nothing: %s', async (kind, endpoint) => {
    // The rewriting fault needs something on the list to strike.
    const open = await submitted(videoRequest('[sim:render=60s] still open'));
    const operation = await submitted(videoRequest('x'));
    await sora.outcomeOf(operation);
    await sora.simulator.fault({ kind, endpoint, count: 1 });
    const failed = sora.poll(endpoint === 'pending' ? [open, operation] : [operation]);
    await expect(failed).rejects.toMatchObject({ name: 'UpstreamError' });
    expect((await sora.pollOne(operation)).state).toBe('done');
  });

  test('hears of every sort at once, and of the others where one list cannot be read', async () => {
    const clip = Buffer.from('\0\0\0\x18ftypisom\0\0\x02\0isommp42\0\0\0\x08free', 'latin1');
    sora.references.set('clip', clip);
    const video = await submitted(videoRequest('x'));
    const image = await submitted(imageRequest('x'));
    const cameo = await submitted(characterRequest({ references: [reference('clip', 'video/mp4', clip)] }));
    const text = await submitted(enhanceRequest('x', { level: 'short', seconds: 10 }));
    for (const operation of [video, image, cameo]) await sora.outcomeOf(operation);

    const all = [video, image, cameo, text];
    const { outcomes, failures } = await sora.poll(all);
    expect(all.map(({ id }) => outcomes.get(id)?.state)).toEqual(['done', 'done', 'next', 'done']);
    expect(failures).toEqual([]);

    await sora.simulator.fault({ kind: 'server_error', endpoint: 'recent_tasks', count: 1 });
    const partial = await sora.poll(all);
    expect(all.map(({ id }) => partial.outcomes.get(id)?.state)).toEqual(['done', undefined, 'next', 'done']);
    expect(partial.failures).toMatchObject([{ code: 'upstream_unavailable', fault: 'upstream' }]);
  });
});
