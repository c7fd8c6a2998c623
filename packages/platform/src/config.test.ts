import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError, commonSettings, portSetting, readConfig, secretListSetting, secretSetting } from './config.js';

const schema = z.object({ ...commonSettings, WEB_KEY: secretSetting('WEB_KEY'), PORT: portSetting(8000) });
const good = {
  DATABASE_URL: 'postgresql://reelay@127.0.0.1:5432/reelay',
  REDIS_URL: 'redis://127.0.0.1:6379',
  WEB_KEY: 'correct horse battery staple',
};

function problemsOf(env: Record<string, string | undefined>): string {
  try {
    readConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

test('fills in defaults and turns texts into what the schema says', () => {
  expect(readConfig(schema, { ...good, PORT: '81' })).toMatchObject({
    PORT: 81,
    LOG_FORMAT: 'text',
    LOG_LEVEL: 'info',
  });
});

test('names every problem at once and says what to do', () => {
  const text = problemsOf({ DATABASE_URL: 'mysql://x', PORT: '99999', LOG_FORMAT: 'xml' });
  for (const name of ['DATABASE_URL', 'REDIS_URL is missing', 'WEB_KEY is missing', 'PORT', 'LOG_FORMAT']) {
    expect(text).toContain(name);
  }
  expect(text.split('\n')).toHaveLength(6);
});

test('never shows a value', () => {
  const secret = 'hunter2-hunter2!';
  const text = problemsOf({ ...good, WEB_KEY: 'han1234', DATABASE_URL: `mysql://u:${secret}@h/d`, LOG_LEVEL: secret });
  expect(text).not.toContain(secret);
  expect(text).not.toContain('han1234');
  expect(text).toContain('WEB_KEY is a sample value');
});

test('reads a secret from the file named by X_FILE, without the newline an editor left', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'reelay-config-')), 'key');
  writeFileSync(path, `${good.WEB_KEY}\n`);
  expect(readConfig(schema, { ...good, WEB_KEY: undefined, WEB_KEY_FILE: path }).WEB_KEY).toBe(good.WEB_KEY);
  expect(problemsOf({ ...good, WEB_KEY_FILE: path })).toContain('both set');
  expect(problemsOf({ ...good, WEB_KEY: '', WEB_KEY_FILE: `${path}-gone` })).toContain('cannot be read (ENOENT)');
});

test('counts an empty value as not set', () => {
  expect(problemsOf({ ...good, WEB_KEY: '' })).toContain('WEB_KEY is missing');
  expect(readConfig(schema, { ...good, LOG_FORMAT: '' }).LOG_FORMAT).toBe('text');
});

test('takes several keys joined by commas or line ends, and none where nothing is given; a weak one is refused without being shown', () => {
  const several = z.object({ OLD_KEYS: secretListSetting('OLD_KEYS') });
  const keys = ['the first of the old keys', 'the second of the old keys'];
  expect(readConfig(several, { OLD_KEYS: `${keys[0]}, ${keys[1]}` })).toEqual({ OLD_KEYS: keys });
  expect(readConfig(several, { OLD_KEYS: `${keys.join('\n')}\n` })).toEqual({ OLD_KEYS: keys });
  expect(readConfig(several, {})).toEqual({ OLD_KEYS: [] });
  expect(() => readConfig(several, { OLD_KEYS: `${keys[0]},short-one` })).toThrow(
    /OLD_KEYS has fewer than 16 characters/,
  );
  expect(() => readConfig(several, { OLD_KEYS: `${keys[0]},short-one` })).not.toThrow(/short-one/);
});
