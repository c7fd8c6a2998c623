import { readConfig } from '@reelay/platform/config';
import { configurationSchema } from './configuration.js';

const complete = {
  DATABASE_URL: 'postgresql://postgres@127.0.0.1:5432/reelay',
  REDIS_URL: 'redis://127.0.0.1:6379',
  WEB_KEY: 'q8Zr2mKp0sVx4LcT',
  INTERNAL_KEY: 'w8Zr2mKp0sVx4LcT',
  ADMIN_KEY: 'e8Zr2mKp0sVx4LcT',
  TOKEN_MANAGER_URL: 'http://127.0.0.1:8001',
  STORAGE_DIR: '/srv/media',
};

test('what is given suffices, the rest has defaults', () => {
  expect(readConfig(configurationSchema, complete)).toMatchObject({ HOST: '0.0.0.0', PORT: 8000, LOG_FORMAT: 'text' });
});

test.each([
  ['true', true],
  ['false', false],
  ['10.0.0.0/8, 192.168.1.1', '10.0.0.0/8, 192.168.1.1'],
  ['loopback', 'loopback'],
])('TRUST_PROXY=%s is read', (TRUST_PROXY, expected) => {
  expect(readConfig(configurationSchema, { ...complete, TRUST_PROXY }).TRUST_PROXY).toBe(expected);
});

test.each([
  [undefined, []],
  ['', []],
  ['files.lan:9000, 10.0.0.5:80,[fd00::1]:8080', ['files.lan:9000', '10.0.0.5:80', '[fd00::1]:8080']],
])('FETCH_ALLOW=%s is a list', (FETCH_ALLOW, expected) => {
  expect(readConfig(configurationSchema, { ...complete, FETCH_ALLOW }).FETCH_ALLOW).toEqual(expected);
});

test('PUBLIC_URL loses the slash at its end', () => {
  const { PUBLIC_URL } = readConfig(configurationSchema, { ...complete, PUBLIC_URL: 'https://video.example.org/' });
  expect(PUBLIC_URL).toBe('https://video.example.org');
});

test.each([
  [{ ADMIN_KEY: 'admin' }, 'ADMIN_KEY'],
  [{ API_KEY: 'han1234' }, 'API_KEY'],
  [{ TRUST_PROXY: '1' }, 'TRUST_PROXY'],
  [{ PUBLIC_URL: 'ftp://x' }, 'PUBLIC_URL'],
  [{ FETCH_ALLOW: '10.0.0.5' }, 'FETCH_ALLOW'],
  [{ FETCH_ALLOW: 'http://files.lan:9000' }, 'FETCH_ALLOW'],
  [{ WEB_KEY: undefined }, 'WEB_KEY is missing'],
])('refuses %j and says why', (wrong, reason) => {
  expect(() => readConfig(configurationSchema, { ...complete, ...wrong })).toThrow(reason);
});
