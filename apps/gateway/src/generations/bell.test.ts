import { setTimeout as pause } from 'node:timers/promises';
import { Bell } from './bell.js';

/** Rings whose end the test decides. */
function slowQueues() {
  const ends: (() => void)[] = [];
  const enqueue = () => new Promise<boolean>((resolve) => ends.push(() => resolve(false)));
  return { ends, queues: { enqueue } };
}

/** Longer than it rests after a ring. */
const rest = () => pause(50);

describe('the bell', () => {
  it('rings at once', () => {
    const { ends, queues } = slowQueues();
    new Bell(queues).ring();
    expect(ends).toHaveLength(1);
  });

  it('rings once more for all who came while a ring was on its way or just over, and not before that', async () => {
    const { ends, queues } = slowQueues();
    const bell = new Bell(queues);
    for (let rings = 0; rings < 5; rings += 1) bell.ring();
    await rest();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    for (let rings = 0; rings < 5; rings += 1) bell.ring();
    expect(ends).toHaveLength(1);
    await rest();
    expect(ends).toHaveLength(2);
    ends[1]?.();
    await rest();
    expect(ends).toHaveLength(2);
  });

  it('rings again when it was quiet, also where the last ring was not taken', async () => {
    const { ends, queues } = slowQueues();
    const bell = new Bell(queues);
    bell.ring();
    ends[0]?.();
    await rest();
    bell.ring();
    expect(ends).toHaveLength(2);
  });
});
