import { Bell } from './bell.js';

/** Rings whose end the test decides. */
function slowQueues() {
  const ends: (() => void)[] = [];
  const enqueue = () => new Promise<boolean>((resolve) => ends.push(() => resolve(false)));
  return { ends, queues: { enqueue } };
}

const turns = () => new Promise((resolve) => setImmediate(resolve));

describe('the bell', () => {
  it('rings at once', () => {
    const { ends, queues } = slowQueues();
    new Bell(queues).ring();
    expect(ends).toHaveLength(1);
  });

  it('rings once more for all who came while a ring was on its way, and not before it is over', async () => {
    const { ends, queues } = slowQueues();
    const bell = new Bell(queues);
    for (let rings = 0; rings < 5; rings += 1) bell.ring();
    await turns();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await turns();
    expect(ends).toHaveLength(2);
    ends[1]?.();
    await turns();
    expect(ends).toHaveLength(2);
  });

  it('rings again when it was quiet, also where the last ring was not taken', async () => {
    const { ends, queues } = slowQueues();
    const bell = new Bell(queues);
    bell.ring();
    ends[0]?.();
    await turns();
    bell.ring();
    expect(ends).toHaveLength(2);
  });
});
