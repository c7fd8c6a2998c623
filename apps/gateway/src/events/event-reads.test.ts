import type { EventCursor, EventRow } from '@reelay/db/generations/read-events';
import { EventReads } from './event-reads.js';

const at = (seq: number): EventRow => ({
  seq,
  type: 'generation.progressed',
  data: { stage: 'rendering', progress: seq % 100 },
});
const cursor = (generationId: string, seq = 0): EventCursor => ({ generationId, seq });

/** A database that answers when the test says so. */
function openReads() {
  const asked: { ids: string[]; answer(rows: EventRow[][]): void; fail(error: Error): void }[] = [];
  const reads = new EventReads(
    (cursors) =>
      new Promise((resolve, reject) => {
        asked.push({ ids: cursors.map(({ generationId }) => generationId), answer: resolve, fail: reject });
      }),
  );
  return { reads, asked };
}

const turn = () => new Promise(setImmediate);

test('what is wanted at the same time is asked for in one question, and everybody gets its own', async () => {
  const { reads, asked } = openReads();
  const wanted = [cursor('a'), cursor('b', 2), cursor('a', 1)].map((each) => reads.read(each));
  await turn();
  expect(asked.map(({ ids }) => ids)).toEqual([['a', 'b', 'a']]);
  asked[0]?.answer([[at(1), at(2)], [], [at(2)]]);
  const seqs = (await Promise.all(wanted)).map((events) => events.map(({ seq }) => seq));
  expect(seqs).toEqual([[1, 2], [], [2]]);
});

test('thousands are asked for in a few questions, two at once', async () => {
  const { reads, asked } = openReads();
  const wanted = Promise.all(Array.from({ length: 1_000 }, (_, no) => reads.read(cursor(`${no}`))));
  for (let answered = 0; answered < 5; answered += 1) {
    await turn();
    expect(asked.length - answered).toBeLessThanOrEqual(2);
    asked[answered]?.answer(asked[answered]?.ids.map((id) => [at(1 + Number(id))]) ?? []);
  }
  const events = await wanted;
  expect(events.map(([event]) => event?.seq)).toEqual(events.map((_, no) => no + 1));
  expect(asked).toHaveLength(5);
});

test('a read that is wanted while another is under way sees what is there after it was wanted', async () => {
  const { reads, asked } = openReads();
  const first = reads.read(cursor('a'));
  await turn();
  const second = reads.read(cursor('a'));
  await turn();
  asked[0]?.answer([[at(1)]]);
  asked[1]?.answer([[at(1), at(2)]]);
  expect([(await first).length, (await second).length]).toEqual([1, 2]);
});

test('a question that fails fails for those in it, and the next is asked all the same', async () => {
  const { reads, asked } = openReads();
  const failing = [reads.read(cursor('a')), reads.read(cursor('b'))];
  await turn();
  asked[0]?.fail(new Error('gone'));
  expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const next = reads.read(cursor('c'));
  await turn();
  asked[1]?.answer([[at(1)]]);
  expect(await next).toHaveLength(1);
});

test('a row of an unknown type concerns only who watches it', async () => {
  const { reads, asked } = openReads();
  const [strange, plain] = [reads.read(cursor('a')), reads.read(cursor('b'))];
  await turn();
  asked[0]?.answer([[{ seq: 1, type: 'generation.dreamt', data: {} }], [at(1)]]);
  await expect(strange).rejects.toThrow();
  expect(await plain).toHaveLength(1);
});
