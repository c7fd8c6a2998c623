import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { armCrashPoint, crashPoint } from './crash-point.js';

afterEach(() => armCrashPoint(undefined));

test('does nothing unless it is armed', () => {
  expect(() => crashPoint('after-sent')).not.toThrow();
});

test('kills at the asked pass of the asked place only', () => {
  let kills = 0;
  armCrashPoint('after-sent:2', () => {
    kills += 1;
  });
  crashPoint('elsewhere');
  crashPoint('after-sent');
  expect(kills).toBe(0);
  crashPoint('after-sent');
  crashPoint('after-sent');
  expect(kills).toBe(1);
});

test('with a file, only the first process to come there dies', () => {
  const spec = `after-sent@${join(mkdtempSync(join(tmpdir(), 'reelay-crash-')), 'died')}`;
  let kills = 0;
  for (let processes = 0; processes < 3; processes += 1) {
    armCrashPoint(spec, () => {
      kills += 1;
    });
    crashPoint('after-sent');
  }
  expect(kills).toBe(1);
});

test.each([':3', 'name:0', 'name:x'])('refuses to be armed with %j', (spec) => {
  expect(() => armCrashPoint(spec)).toThrow(/CRASH_AT/);
});
