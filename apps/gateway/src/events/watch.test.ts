import type { GenerationEvent } from '@reelay/contracts/events';
import { coalesce, Watch } from './watch.js';

const at = (seq: number, progress = seq): GenerationEvent => ({
  type: 'generation.progressed',
  seq,
  data: { stage: 'rendering', progress },
});
const end = (seq: number): GenerationEvent => ({
  type: 'generation.cancelled',
  seq,
  data: { error: { code: 'cancelled', message: 'x' } },
});
/** A watch whose rows up to `seq` were read. */
function readUpTo(seq: number, onNews: () => void = () => {}): Watch {
  const watch = new Watch(0, onNews);
  watch.beginRead();
  watch.acceptRows([at(seq)]);
  return watch;
}

test('reads rows before it trusts any message', () => {
  expect(new Watch(0, () => {}).mustRead).toBe(true);
  expect(readUpTo(3).mustRead).toBe(false);
});

test('delivers messages in order of seq, each once', () => {
  const watch = readUpTo(3);
  for (const seq of [5, 4, 4, 3, 2, 6]) watch.offer(at(seq));
  expect(watch.take().map((event) => event.seq)).toEqual([4, 5, 6]);
  expect(watch.take()).toEqual([]);
  expect(watch.mustRead).toBe(false);
});

test('a gap delivers what comes before it and asks for a read', () => {
  const watch = readUpTo(3);
  for (const seq of [4, 6]) watch.offer(at(seq));
  expect(watch.take().map((event) => event.seq)).toEqual([4]);
  expect(watch.mustRead).toBe(true);
});

test('a message that no row stands behind costs one read, not an endless round of them', () => {
  const watch = readUpTo(3);
  watch.offer(at(99));
  watch.take();
  watch.beginRead();
  watch.acceptRows([]);
  expect(watch.hasNews).toBe(false);
});

test('a message that arrives during a read is kept', () => {
  const watch = readUpTo(3);
  watch.beginRead();
  watch.offer(at(5));
  watch.acceptRows([at(4)]);
  expect(watch.take().map((event) => event.seq)).toEqual([5]);
});

test('keeps a bounded number of messages for a reader that does not come, then reads rows', () => {
  const watch = readUpTo(0);
  for (let seq = 1; seq <= 1000; seq += 1) watch.offer(at(seq));
  expect(watch.mustRead).toBe(true);
  expect(watch.take().length).toBeLessThanOrEqual(64);
});

test.each<[string, (watch: Watch) => void]>([
  ['a message', (watch) => watch.offer(at(4))],
  ['a recheck that saw more', (watch) => watch.noticeSeq(7)],
  ['a row that is gone', (watch) => watch.noticeSeq(undefined)],
  ['a reconnect', (watch) => watch.requireRead()],
])('%s is news, and its reader is told', (_, happen) => {
  let told = 0;
  const watch = readUpTo(3, () => {
    told += 1;
  });
  expect(watch.hasNews).toBe(false);
  happen(watch);
  expect([watch.hasNews, told]).toEqual([true, 1]);
});

test('a recheck that saw nothing new, and a message that came twice, are no news', () => {
  let told = 0;
  const watch = readUpTo(3, () => {
    told += 1;
  });
  watch.noticeSeq(3);
  watch.offer(at(2));
  expect([watch.hasNews, told]).toEqual([false, 0]);
});

test('a reader that fell behind gets the newest progress of each stage, every note and the end', () => {
  const note: GenerationEvent = {
    type: 'generation.progressed',
    seq: 4,
    data: { stage: 'rendering', progress: 4, note: 'n' },
  };
  const fetching: GenerationEvent = {
    type: 'generation.progressed',
    seq: 7,
    data: { stage: 'fetching', progress: 99 },
  };
  expect(coalesce([at(2), at(3), note, at(5), at(6), fetching, end(8)]).map((event) => event.seq)).toEqual([
    4, 6, 7, 8,
  ]);
});
