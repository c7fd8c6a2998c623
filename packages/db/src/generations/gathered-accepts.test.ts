import { setTimeout as pause } from 'node:timers/promises';
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { Acceptance, AcceptGeneration } from './accept-generation.js';
import type { Generation } from './find-generation.js';
import { GatheredAccepts } from './gathered-accepts.js';

const request: GenerationRequest = {
  ...{ kind: 'video', workflow: 'video', model: 'sora2-landscape-10s', prompt: 'a paper boat', references: [] },
  ...{ orientation: 'landscape', seconds: 10, frames: 300, upstream: { model: 'sy_8', size: 'small' } },
};

function accept(id: string, changes: Partial<AcceptGeneration> = {}): AcceptGeneration {
  return {
    ...{ id, ownerId: 'owner', apiKeyId: 'key', dialect: 'videos', provider: 'sora', lane: 'lane', request },
    ...{ requestHash: 'hash', deadlineMs: 3_600_000, waiter: 1n },
    ...changes,
  };
}

/** What was asked, in order; each statement waits until the test lets it end. */
class Statements {
  readonly asked: string[][] = [];
  readonly #ends: ((how: () => Map<string, Generation>) => void)[] = [];
  nowMs = 0;

  readonly accepts = new GatheredAccepts({
    alone: async ({ id }) => {
      this.asked.push([id]);
      return this.isAloneHeld ? this.#end().then(() => accepted(id)) : accepted(id);
    },
    together: (batch) => {
      this.asked.push(batch.map(({ id }) => id));
      return this.#end();
    },
    now: () => this.nowMs,
  });

  isAloneHeld = true;

  /** The oldest one that is under way. */
  end(how: () => Map<string, Generation>): void {
    this.#ends.shift()?.(how);
  }

  async #end(): Promise<Map<string, Generation>> {
    const how = await new Promise<() => Map<string, Generation>>((resolve) => this.#ends.push(resolve));
    return how();
  }
}

const accepted = (id: string): Acceptance => ({ outcome: 'accepted', generation: { id } as Generation });
const written = (...ids: string[]) => new Map(ids.map((id) => [id, { id } as Generation]));
/** Everything that has come is looked at, and what follows from it. */
const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

let statements: Statements;
let first: Promise<Acceptance>;
beforeEach(async () => {
  statements = new Statements();
  first = statements.accepts.accept(accept('first'));
  await turn();
});

test('one that comes by itself goes alone at once, and those that come meanwhile go together after it', async () => {
  const others = ['a', 'b', 'c'].map((id) => statements.accepts.accept(accept(id)));
  await turn();
  expect(statements.asked).toEqual([['first']]);
  statements.end(() => new Map());
  await turn();
  expect(statements.asked).toEqual([['first'], ['a', 'b', 'c']]);
  statements.end(() => written('a', 'b', 'c'));
  expect(await first).toEqual(accepted('first'));
  expect(await Promise.all(others)).toEqual(['a', 'b', 'c'].map(accepted));
});

test('a full statement does not wait for the one under way; a third one does', async () => {
  const ids = Array.from({ length: 40 }, (_, n) => `${n}`);
  const others = ids.map((id) => statements.accepts.accept(accept(id)));
  await turn();
  expect(statements.asked).toEqual([['first'], ids.slice(0, 16)]);
  statements.end(() => new Map());
  await turn();
  statements.end(() => written(...ids.slice(0, 16)));
  await turn();
  statements.end(() => written(...ids.slice(16, 32)));
  await turn();
  statements.end(() => written(...ids.slice(32)));
  expect(await Promise.all(others)).toEqual(ids.map(accepted));
  expect(statements.asked.slice(1)).toEqual([ids.slice(0, 16), ids.slice(16, 32), ids.slice(32)]);
});

test('what was not written is accepted alone, and its like too for a moment; the others are not touched', async () => {
  const [own, other] = [
    statements.accepts.accept(accept('own', { apiKeyId: 'limited' })),
    statements.accepts.accept(accept('other')),
  ];
  statements.end(() => new Map());
  await turn();
  statements.isAloneHeld = false;
  statements.end(() => written('other'));
  expect(await Promise.all([own, other])).toEqual([accepted('own'), accepted('other')]);
  await statements.accepts.accept(accept('next', { apiKeyId: 'limited' }));
  expect(statements.asked).toEqual([['first'], ['own', 'other'], ['own'], ['next']]);
  statements.nowMs = 1_000;
  const later = ['x', 'y'].map((id) => statements.accepts.accept(accept(id, { apiKeyId: 'limited' })));
  await turn();
  expect(statements.asked.at(-1)).toEqual(['x', 'y']);
  statements.end(() => written('x', 'y'));
  await Promise.all(later);
});

test('what Postgres refuses as a whole was not written, and each is tried for itself', async () => {
  const both = ['a', 'b'].map((id) => statements.accepts.accept(accept(id)));
  statements.end(() => new Map());
  await turn();
  statements.isAloneHeld = false;
  statements.end(() => {
    throw Object.assign(new Error('one of them is wrong'), { code: '23503' });
  });
  expect(await Promise.all(both)).toEqual(['a', 'b'].map(accepted));
  expect(statements.asked.slice(2)).toEqual([['a'], ['b']]);
});

test('a connection that breaks leaves all of them open: nobody sends them a second time', async () => {
  const both = ['a', 'b'].map((id) => statements.accepts.accept(accept(id)));
  statements.end(() => new Map());
  await turn();
  statements.end(() => {
    throw new Error('Connection terminated unexpectedly');
  });
  const outcomes = await Promise.allSettled(both);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(statements.asked).toEqual([['first'], ['a', 'b']]);
});

test('one with an Idempotency-Key or with references goes alone at once', async () => {
  statements.isAloneHeld = false;
  await statements.accepts.accept(accept('named', { idempotency: { key: 'key', keepMs: 1 } }));
  const references = [{ assetId: 'asset', kind: 'image' as const }] as unknown as GenerationRequest['references'];
  await statements.accepts.accept(accept('with', { request: { ...request, references } }));
  expect(statements.asked).toEqual([['first'], ['named'], ['with']]);
});

test('who has left before its statement begins is not accepted any more: its retry may be on the way', async () => {
  let isGone = false;
  const left = statements.accepts.accept(accept('left'), () => isGone).catch((error: unknown) => error);
  const stays = statements.accepts.accept(accept('stays'));
  isGone = true;
  statements.end(() => new Map());
  await turn();
  expect(statements.asked).toEqual([['first'], ['stays']]);
  expect(await left).toMatchObject({ code: 'invalid_request' });
  statements.end(() => new Map());
  expect(await stays).toEqual(accepted('stays'));
});

test('who has left while it was sent back is not tried alone', async () => {
  let isGone = false;
  const left = statements.accepts.accept(accept('left'), () => isGone).catch((error: unknown) => error);
  const stays = statements.accepts.accept(accept('stays'));
  statements.end(() => new Map());
  await turn();
  isGone = true;
  statements.end(() => written('stays'));
  expect(await left).toMatchObject({ code: 'invalid_request' });
  expect(await stays).toEqual(accepted('stays'));
  expect(statements.asked).toEqual([['first'], ['left', 'stays']]);
});

test('a statement that waits for something is not waited for, and its like goes alone for a moment', async () => {
  const others = ['a', 'b'].map((id) => statements.accepts.accept(accept(id, { apiKeyId: 'other' })));
  await turn();
  expect(statements.asked).toEqual([['first']]);
  await pause(100);
  expect(statements.asked).toEqual([['first'], ['a', 'b']]);
  statements.nowMs = 200;
  statements.end(() => new Map());
  await first;
  statements.end(() => written('a', 'b'));
  await Promise.all(others);
  void statements.accepts.accept(accept('like the first'));
  expect(statements.asked.at(-1)).toEqual(['like the first']);
});

test('a lock that was waited for too long says that nothing was written', async () => {
  const both = ['a', 'b'].map((id) => statements.accepts.accept(accept(id)));
  statements.end(() => new Map());
  await turn();
  statements.isAloneHeld = false;
  statements.end(() => {
    throw Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' });
  });
  expect(await Promise.all(both)).toEqual(['a', 'b'].map(accepted));
});
