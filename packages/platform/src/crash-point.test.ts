import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { armCrashPoint, crashPoint } from './crash-point.js';

let strikes: string[];
const strike = (signal: string) => void strikes.push(signal);
beforeEach(() => {
  strikes = [];
});
afterEach(() => armCrashPoint(undefined));

const freshFolder = () => mkdtempSync(join(tmpdir(), 'reelay-crash-'));

test('does nothing unless it is armed', () => {
  expect(() => crashPoint('after-sent')).not.toThrow();
});

test('kills at the asked pass of the asked place only', () => {
  armCrashPoint('after-sent:2', strike);
  crashPoint('elsewhere');
  crashPoint('after-sent');
  expect(strikes).toEqual([]);
  crashPoint('after-sent');
  crashPoint('after-sent');
  expect(strikes).toEqual(['SIGKILL']);
});

test('stops instead of kills where that was asked for', () => {
  armCrashPoint('before-sent,after-sent:1!stop', strike);
  crashPoint('after-sent');
  crashPoint('before-sent');
  expect(strikes).toEqual(['SIGSTOP', 'SIGKILL']);
});

test('with a file, only the first process to come there dies', () => {
  const spec = `after-sent@${join(freshFolder(), 'died')}`;
  for (let processes = 0; processes < 3; processes += 1) {
    armCrashPoint(spec, strike);
    crashPoint('after-sent');
  }
  expect(strikes).toEqual(['SIGKILL']);
});

test('traps laid into a folder while the process runs strike once each, and tell whom', () => {
  const folder = freshFolder();
  armCrashPoint(folder, strike);
  crashPoint('after-sent');
  expect(strikes).toEqual([]);
  writeFileSync(join(folder, 'after-sent'), 'stop');
  writeFileSync(join(folder, 'after-answer'), 'kill');
  crashPoint('after-sent');
  crashPoint('after-sent');
  crashPoint('after-answer');
  expect(strikes).toEqual(['SIGSTOP', 'SIGKILL']);
  expect(readdirSync(folder).sort()).toEqual([`after-answer.${process.pid}`, `after-sent.${process.pid}`]);
  expect(existsSync(join(folder, 'after-sent'))).toBe(false);
});

test.each([':3', 'name:0', 'name:x', 'name!kill'])('refuses to be armed with %j', (spec) => {
  expect(() => armCrashPoint(spec)).toThrow(/CRASH_AT/);
});
