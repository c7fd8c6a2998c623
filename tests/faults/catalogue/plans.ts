/** Which faults strike when: everything once, or at random, by a seed. */

import type { Plan, Step } from '../stand/run-plan.js';
import { Seeded } from '../stand/seeded.js';
import type { Fault } from './fault.js';
import { linkFaults, placeOf } from './links.js';
import { processFaults, woken } from './processes.js';
import { serviceFaults } from './services.js';

export const allFaults: readonly Fault[] = [...linkFaults, ...serviceFaults, ...processFaults];

/** Another fault beside it would make the upstream worse than the settling time is meant for. */
const isForItself = ({ name }: Fault) => name.includes('while its lists lag');
const inPairs = allFaults.filter((fault) => !isForItself(fault));

/** Every fault once, in the order of the seed, then some of all pairs: with other seeds, others. */
export function shortPlan(seed: number, pairs: number): Plan {
  const random = new Seeded(seed);
  const singles = random.shuffle(allFaults).map((fault): Step => {
    const step = { faults: [fault], holdMs: random.between(400, 900), restMs: 0 };
    // It lasts by far the longest and concerns one submit only.
    return fault.name === woken ? { ...step, isBehind: true } : step;
  });
  const doubles = Array.from({ length: pairs }, (): Step => {
    return { faults: pairOf(random), holdMs: random.between(400, 1_200), restMs: 200 };
  });
  return { name: `every fault, seed ${seed},`, steps: [...singles, ...doubles], inFlight: 18, generations: 40 };
}

function pairOf(random: Seeded): Fault[] {
  const [first, ...others] = random.shuffle(inPairs) as [Fault, ...Fault[]];
  return [first, ...others.filter((other) => placeOf(other) !== placeOf(first)).slice(0, 1)];
}

/** Most alone, some in pairs; short ones, and some that outlast every timeout of the submit. */
export function longPlan(seed: number, injections: number): Plan {
  const random = new Seeded(seed);
  const steps: Step[] = [];
  for (let left = injections; left > 0; ) {
    const together = left > 1 && random.next() < 0.15 ? 2 : 1;
    const faults = together === 1 ? random.shuffle(allFaults).slice(0, 1) : pairOf(random);
    const holdMs = random.next() < 0.2 ? random.between(3_500, 8_000) : random.between(300, 2_500);
    steps.push({ faults, holdMs, restMs: random.between(0, 3_000) });
    left -= faults.length;
  }
  return { name: `storm, seed ${seed},`, steps, inFlight: 18, generations: injections * 5 };
}

/** The faults of the short plan under which each of the four mutations shows. */
export function mutationPlan(mutation: string): Plan {
  const names = [
    'upstream answers: reply lost',
    'both workers killed between accept and answer',
    'upstream answers: late and lost, while its lists lag',
    'SIGKILL both workers',
    'upstream answers: reply lost',
    'upstream answers: connection reset everywhere',
    // This one never comes there.
    ...(mutation === 'sent-after-the-request' ? [] : ['crash at run.after-sent', 'crash at run.after-sent']),
    'crash at run.after-answer',
    'upstream answers: late and lost, while its lists lag',
  ];
  const steps = names.map((name): Step => ({ faults: [faultOf(name)], holdMs: 1_500, restMs: 500 }));
  return { name: `with ${mutation},`, steps, inFlight: 18, generations: 40 };
}

function faultOf(name: string): Fault {
  const fault = allFaults.find((one) => one.name === name);
  if (!fault) throw new Error(`there is no fault "${name}"`);
  return fault;
}
