/** What the breaking suite strikes with: every crash point of the code, and plans that a seed repeats. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { placeOf } from '../faults/catalogue/links.js';
import { allFaults, longPlan, shortPlan } from '../faults/catalogue/plans.js';
import { crashPoints, refreshPoints } from '../faults/catalogue/processes.js';
import type { Plan } from '../faults/stand/run-plan.js';

const root = path.join(__dirname, '../..');

/** Struck by tests of their own: apps/token-manager/src/import/import-killed.int.test.ts, tests/faults/webhooks.test.ts. */
const elsewhere = ['import.before-keep', 'webhook.after-sent'];

function pointsOfTheCode(): string[] {
  const folders = ['apps', 'packages'].flatMap((parent) =>
    readdirSync(path.join(root, parent)).map((name) => path.join(root, parent, name, 'src')),
  );
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.includes('generated'))
      .map((name) => path.join(folder, name)),
  );
  const found = files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/crashPoint\('([^']+)'\)/g)]);
  return found.map(([, point = '']) => point).sort();
}

test('every crash point of the code is one of the suite, and none stands in two places', () => {
  expect(pointsOfTheCode()).toEqual([...crashPoints, ...refreshPoints, ...elsewhere].sort());
});

const namesOf = ({ steps }: Plan) => steps.map(({ faults, holdMs }) => [holdMs, ...faults.map(({ name }) => name)]);

test('a seed gives the same plan again, and another seed another one', () => {
  for (const plan of [(seed: number) => shortPlan(seed, 6), (seed: number) => longPlan(seed, 300)]) {
    expect(namesOf(plan(7))).toEqual(namesOf(plan(7)));
    expect(namesOf(plan(8))).not.toEqual(namesOf(plan(7)));
  }
});

test('the short plan has every fault, the long one as many as were asked for', () => {
  const alone = shortPlan(3, 6).steps.filter(({ faults }) => faults.length === 1);
  expect(new Set(alone.flatMap(({ faults }) => faults))).toEqual(new Set(allFaults));
  expect(longPlan(3, 300).steps.flatMap(({ faults }) => faults)).toHaveLength(300);
});

test('no two faults of a pair take the place of each other on one link', () => {
  const pairs = Array.from({ length: 50 }, (_, seed) => shortPlan(seed + 1, 20)).flatMap(({ steps }) =>
    steps.filter(({ faults }) => faults.length === 2),
  );
  expect(pairs).toHaveLength(1_000);
  expect(pairs.filter(({ faults: [first, second] }) => placeOf(first!) === placeOf(second!))).toEqual([]);
});
