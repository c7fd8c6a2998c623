import { z } from 'zod';
import { readConfig } from './config.js';
import { refuseStorageProblem, storagePlaceOf, storageSettings } from './storage-place.js';

const schema = z.object(storageSettings).superRefine(refuseStorageProblem);
const placeOf = (env: Record<string, string>) => storagePlaceOf(readConfig(schema, env));
const problemOf = (env: Record<string, string>): string => {
  try {
    readConfig(schema, env);
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
};
const key = { S3_ACCESS_KEY_ID: 'an id of somebody', S3_SECRET_ACCESS_KEY: 'a secret of somebody' };

test('media are kept in a folder, or in a bucket where one is named', () => {
  expect(placeOf({ STORAGE_DIR: '/srv/media' })).toEqual({ kind: 'folder', path: '/srv/media' });
  expect(placeOf({ STORAGE_DIR: '/srv/media', S3_BUCKET: '' })).toEqual({ kind: 'folder', path: '/srv/media' });
  expect(placeOf({ STORAGE_DIR: '/srv/media', S3_BUCKET: 'media', ...key })).toEqual({
    kind: 's3',
    s3: {
      ...{ bucket: 'media', prefix: '', region: 'us-east-1', endpoint: undefined, publicEndpoint: undefined },
      ...{ accessKey: { id: 'an id of somebody', secret: 'a secret of somebody' }, isPathStyle: false },
    },
  });
});

test('a service of one’s own is asked by path, unless it is said to know hosts', () => {
  const own = { S3_BUCKET: 'media', S3_ENDPOINT: 'http://minio:9000/', S3_PREFIX: 'reelay' };
  expect(placeOf(own)).toMatchObject({
    s3: { endpoint: 'http://minio:9000', prefix: 'reelay/', isPathStyle: true, accessKey: undefined },
  });
  expect(placeOf({ ...own, S3_PATH_STYLE: 'false' })).toMatchObject({ s3: { isPathStyle: false } });
});

test.each<[string, Record<string, string>, string]>([
  ['neither a folder nor a bucket', {}, 'STORAGE_DIR is missing'],
  ['an id without its secret', { S3_BUCKET: 'media', S3_ACCESS_KEY_ID: 'x' }, 'S3_SECRET_ACCESS_KEY is missing'],
  ['a secret without its id', { S3_BUCKET: 'media', S3_SECRET_ACCESS_KEY: 'x' }, 'S3_ACCESS_KEY_ID is missing'],
  ['no address', { S3_BUCKET: 'media', S3_ENDPOINT: 'minio' }, 'S3_ENDPOINT must look like'],
  ['no bucket’s name', { S3_BUCKET: 'a/b' }, 'S3_BUCKET must be'],
  ['a prefix that climbs', { S3_BUCKET: 'media', S3_PREFIX: '/a' }, 'S3_PREFIX must look like'],
])('%s is refused at start with what to do', (_what, env, sentence) => {
  expect(problemOf(env).replaceAll(': must', ' must')).toContain(sentence);
});
