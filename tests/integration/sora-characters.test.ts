/** Characters of the Sora provider against the simulator: alone, and in a video, after which they are removed. */
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { LitterNote } from '@reelay/contracts/provider';
import { measure } from '../support/media.js';
import { SoraDriver } from '../support/sora-driver.js';
import { characterRequest, videoRequest } from '../support/sora-requests.js';
import { doneOf, madeVideo, measured, withClip, withImage } from '../support/sora-results.js';

let sora: SoraDriver;
beforeAll(async () => {
  sora = await SoraDriver.start('characters');
});
afterAll(() => sora?.stop());
beforeEach(() => sora.reset());

describe('a character', () => {
  test.each(['a video', 'an own draft'])('of %s is named, shown to everybody and handed out', async (source) => {
    const draft = source === 'a video' ? undefined : await madeVideo(sora);
    const from = draft ? { parent: { type: 'draft' as const, id: draft } } : { references: [withClip(sora)] };
    const run = await sora.run(characterRequest(from));
    expect(run.steps.map(({ plan }) => plan)).toEqual([
      { name: 'upload', reconcile: 'repeat' },
      { name: 'finalize', reconcile: 'lookup' },
    ]);
    const [made] = (await sora.simulator.ledger()).characters;
    expect(made).toMatchObject({
      endpoint: draft ? 'character_from_generation' : 'character_upload',
      generationId: draft ?? null,
      timestamps: [0, 3],
      visibility: 'public',
      deletedAt: null,
    });
    expect(run.steps.map(({ submitted }) => submitted.operation.id)).toEqual([
      `cameo:${made?.id}`,
      `character:${made?.id}`,
    ]);
    const { username, displayName, characterId } = made!.finalization!;
    expect(username).toMatch(/^[a-z]+\d{3}$/);
    const done = doneOf(run);
    expect(done.character).toEqual({ username, displayName, characterId, cameoId: made?.id });
    expect(await measured(run)).toMatchObject({ type: 'image/webp', width: 512, height: 512 });
    expect(run.litter).toEqual([]);

    const [fresh] = await sora.provider.media(done.operation, sora.context());
    expect((await measure(fresh?.url ?? '')).type).toBe('image/webp');
    // Another round finds the same.
    expect(await sora.pollOne(done.operation)).toMatchObject({ state: 'done', character: { username } });
    await sora.use('pro@simulator.test');
    const elsewhere = await sora.run(videoRequest(`@${username} waves`));
    expect(elsewhere.outcome.state).toBe('done');
  });

  test('whose video shows nobody is refused with the reason', async () => {
    await sora.simulator.fault({ kind: 'character_failed', count: 1, reason: 'Only a wall was seen.' });
    const run = await sora.run(characterRequest({ references: [withClip(sora)] }));
    expect(run.outcome).toMatchObject({ state: 'refused', error: { code: 'character_failed' } });
    expect(JSON.stringify(run.outcome)).toContain('Only a wall was seen.');
  });

  test('whose name is taken gets another one when the step is tried again', async () => {
    const request = characterRequest({ references: [withClip(sora)] });
    const { carried, prepared } = await uploaded(request);
    await sora.simulator.fault({ kind: 'username_taken', endpoint: 'finalize', count: 1 });
    const options = { step: 2, carried };
    await expect(sora.submit(request, prepared, options)).rejects.toMatchObject({
      submitClass: 'refused',
      fault: 'upstream',
      tokenEffect: { effect: 'none' },
    });
    const { submitted } = await sora.submitStep(request, options);
    expect((await sora.outcomeOf(submitted.operation)).state).toBe('done');
  });

  async function uploaded(request: GenerationRequest) {
    const { submitted } = await sora.submitStep(request);
    const outcome = await sora.outcomeOf(submitted.operation);
    if (outcome.state !== 'next') throw new Error(`expected another step, got ${JSON.stringify(outcome)}`);
    const { carried } = outcome;
    return { carried, prepared: await sora.prepare(request, { step: 2, carried }) };
  }

  test.each(['reply_lost', 'reply_hangs'])(
    'that was made although the answer never came is found: %s',
    async (kind) => {
      const request = characterRequest({ references: [withClip(sora)] });
      const { carried, prepared } = await uploaded(request);
      await sora.simulator.fault({ kind, endpoint: 'finalize', count: 1 });
      const changes = { submitTimeoutMs: 300 };
      await expect(sora.submit(request, prepared, { step: 2, carried, changes })).rejects.toMatchObject({
        submitClass: 'unknown',
      });
      const found = await sora.provider.lookUp(request, prepared, sora.context({ step: 2, carried }));
      const [made] = (await sora.simulator.ledger()).characters;
      expect(found?.operation.id).toBe(`character:${made?.id}`);
      const outcome = await sora.outcomeOf(found!.operation);
      expect(outcome).toMatchObject({ state: 'done', character: { username: made?.finalization?.username } });
      expect((await sora.simulator.ledger()).characters).toMatchObject([{ visibility: 'public' }]);
    },
  );

  test.each(['reset', 'server_error'])(
    'that was not made is not found, and is made by a second try: %s',
    async (kind) => {
      const request = characterRequest({ references: [withClip(sora)] });
      const { carried, prepared } = await uploaded(request);
      await sora.simulator.fault({ kind, endpoint: 'finalize', count: 1 });
      const options = { step: 2, carried };
      await expect(sora.submit(request, prepared, options)).rejects.toMatchObject({ submitClass: 'unknown' });
      expect(await sora.provider.lookUp(request, prepared, sora.context(options))).toBeUndefined();
      const { operation } = await sora.submit(request, prepared, options);
      expect((await sora.outcomeOf(operation)).state).toBe('done');
    },
  );
});

describe('a character that plays in a video', () => {
  const request = (prompt: string, changes: Partial<GenerationRequest> = {}) =>
    videoRequest(prompt, { workflow: 'character_video', references: [withClip(sora)], ...changes });

  test('is made, filmed and removed', async () => {
    const { image } = await withImage(sora, 'png');
    const run = await sora.run(request('dances', { references: [withClip(sora), image], style: 'golden' }));
    expect(run.steps.map(({ plan }) => plan)).toEqual([
      { name: 'upload', reconcile: 'repeat' },
      { name: 'finalize', reconcile: 'lookup' },
      { name: 'create', reconcile: 'elimination' },
    ]);
    const { characters, uploads, submits } = await sora.simulator.ledger();
    const [made] = characters;
    const { characterId, username } = made!.finalization!;
    expect(made).toMatchObject({ visibility: 'private', deletedAt: null });
    expect(submits).toMatchObject([{ prompt: `@${username} dances`, characters: [characterId] }]);
    expect(submits[0]?.body).toMatchObject({
      style_id: 'golden',
      inpaint_items: [{ kind: 'upload', upload_id: uploads.find(({ purpose }) => purpose === 'image')?.id }],
    });
    expect((await measured(run)).type).toBe('video/mp4');
    expect(doneOf(run).character).toBeUndefined();
    expect(run.litter).toEqual([{ kind: 'character', reference: { characterId, cameoId: made?.id, username } }]);

    await sora.cleanUp(run.litter);
    expect((await sora.simulator.ledger()).characters[0]?.deletedAt).toEqual(expect.any(Number));
    await sora.cleanUp(run.litter);
  });

  test('is removed when the video was refused, too', async () => {
    const run = await sora.run(request('[sim:violation] no'));
    expect(run.outcome.state).toBe('refused');
    await sora.cleanUp(run.litter);
    expect((await sora.simulator.ledger()).characters).toMatchObject([{ deletedAt: expect.any(Number) }]);
  });

  test('is noted as left behind where its answer was lost, and says by whom it can be removed', async () => {
    const wanted = request('dances');
    const upload = await sora.submitStep(wanted);
    const outcome = await sora.outcomeOf(upload.submitted.operation);
    const carried = outcome.state === 'next' ? outcome.carried : null;
    await sora.simulator.fault({ kind: 'reply_lost', endpoint: 'finalize', count: 1 });
    const options = { step: 2, carried };
    const prepared = await sora.prepare(wanted, options);
    await expect(sora.submit(wanted, prepared, options)).rejects.toMatchObject({ submitClass: 'unknown' });
    const found = await sora.provider.lookUp(wanted, prepared, sora.context(options));
    const [made] = (await sora.simulator.ledger()).characters;
    const { username } = made!.finalization!;
    const [litter] = found!.litter as [LitterNote];
    expect(litter.reference).toEqual({ characterId: null, cameoId: made?.id, username });
    expect(await sora.pollOne(found!.operation)).toMatchObject({ state: 'next', carried: { username } });
    // Only the lost answer named the character, and the upstream removes it by no other name.
    await expect(sora.cleanUp([litter])).rejects.toMatchObject({ message: expect.stringContaining(made!.id) });
  });
});
