import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  attemptStates,
  generationKinds,
  generationStates,
  isAttemptOpen,
  isStageOf,
  isTerminal,
  mayAttemptBecome,
  nextProgress,
  openAttemptStates,
  slotKindOf,
  slotKinds,
  stages,
} from './domain.js';
import { generationEventSchema, isTerminalEvent } from './events.js';
import { dialects } from './ids.js';

const folder = join(__dirname, '../../../prisma/migrations');
const migrations = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort()
  .map((name) => readFileSync(join(folder, name, 'migration.sql'), 'utf8'));

/** As the last migration that speaks of it says. */
function lastMatch(pattern: RegExp): string {
  const found = migrations.map((sql) => pattern.exec(sql)?.[1]).filter((match) => match !== undefined);
  if (found.length === 0) throw new Error(`no migration matches ${pattern}`);
  return found.at(-1)!;
}

const words = (list: string) => [...list.matchAll(/'([a-z_.]+)'/g)].map((match) => match[1]);
const allowed = (table: string, column: string) =>
  words(
    lastMatch(
      new RegExp(`CREATE TABLE ${table} \\([\\s\\S]*?\\n  ${column} [\\s\\S]*?CHECK \\(${column} IN \\(([^)]*)\\)`),
    ),
  );

describe('the database allows exactly what the code knows', () => {
  test.each([
    ['generation', 'state', generationStates],
    ['generation', 'stage', stages],
    ['generation', 'kind', generationKinds],
    ['generation', 'dialect', dialects],
    ['submit_attempt', 'state', attemptStates],
    ['token_slot', 'kind', slotKinds],
    ['generation_event', 'type', generationEventSchema.options.map((option) => option.shape.type.value)],
  ])('%s.%s', (table, column, values) => {
    expect(allowed(table, column).sort()).toEqual([...values].sort());
  });

  test('transitions of an attempt', () => {
    const body = lastMatch(/CREATE (?:OR REPLACE )?FUNCTION refuse_attempt_change\(\)([\s\S]*?)END \$\$/);
    const inDatabase = [...body.matchAll(/\('([a-z_]+)', '([a-z_]+)'\)/g)].map(([, from, to]) => `${from} → ${to}`);
    const inCode = attemptStates.flatMap((from) =>
      attemptStates.filter((to) => mayAttemptBecome(from, to)).map((to) => `${from} → ${to}`),
    );
    expect(inCode.sort()).toEqual(inDatabase.sort());
  });

  test('which attempts are open: no closing time, one per step', () => {
    const open = [...openAttemptStates].sort();
    expect(words(lastMatch(/CHECK \(\(state IN \(([^)]*)\)\) = \(closed_at IS NULL\)\)/)).sort()).toEqual(open);
    expect(words(lastMatch(/submit_attempt_one_open[^;]*WHERE state IN \(([^)]*)\)/)).sort()).toEqual(open);
  });

  test('which stages run and which states have ended', () => {
    const running = stages.filter((stage) => isStageOf(stage, 'running')).sort();
    expect(words(lastMatch(/CHECK \(\(stage IN \(([^)]*)\)\) = \(state = 'running'\)\)/)).sort()).toEqual(running);
    const ended = generationStates.filter(isTerminal).sort();
    expect(words(lastMatch(/CHECK \(\(state IN \(([^)]*)\)\) = \(completed_at IS NOT NULL\)\)/)).sort()).toEqual(ended);
  });

  test('which events end a stream', () => {
    const ends = words(lastMatch(/generation_event_one_end[^;]*type IN \(([^)]*)\)/));
    const inCode = generationEventSchema.options
      .map((option) => ({ type: option.shape.type.value }))
      .filter(isTerminalEvent);
    expect(inCode.map(({ type }) => type).sort()).toEqual(ends.sort());
  });
});

test('a closed attempt never opens again, and an open one can always be closed', () => {
  for (const state of attemptStates) {
    const next = attemptStates.filter((to) => mayAttemptBecome(state, to));
    if (isAttemptOpen(state)) expect(next.length).toBeGreaterThan(0);
    else expect(next).toEqual([]);
  }
});

test('an unknown submit is never simply refused or taken as not sent', () => {
  expect(attemptStates.filter((to) => mayAttemptBecome('unknown', to))).toEqual(['acked', 'absent', 'lost']);
});

test('every stage belongs to a state, and every state has a stage', () => {
  for (const stage of stages) expect(generationStates.some((state) => isStageOf(stage, state))).toBe(true);
  for (const state of generationStates) expect(stages.some((stage) => isStageOf(stage, state))).toBe(true);
});

test('a character takes a video slot and an enhancement none', () => {
  expect(generationKinds.map(slotKindOf)).toEqual(['image', 'video', 'video', undefined]);
});

test('progress is whole, never falls, and reaches 100 only with success', () => {
  const before = fc.integer({ min: 0, max: 99 });
  fc.assert(
    fc.property(before, fc.oneof(fc.double(), fc.double({ min: -10, max: 200 })), (previous, reported) => {
      const next = nextProgress(previous, reported);
      expect(Number.isInteger(next)).toBe(true);
      expect(next).toBeGreaterThanOrEqual(previous);
      expect(next).toBeLessThanOrEqual(99);
    }),
  );
  expect(nextProgress(10, 42.9)).toBe(42);
  expect(nextProgress(10, Number.NaN)).toBe(10);
});
