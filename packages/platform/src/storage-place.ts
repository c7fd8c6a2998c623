/** Where media are kept, as the environment says it: a folder or a bucket. */
import { z } from 'zod';

export interface S3Place {
  bucket: string;
  /** What every key begins with; empty, or ends in a slash. */
  prefix: string;
  region: string;
  /** Undefined: Amazon's own. */
  endpoint: string | undefined;
  /** How clients reach it; undefined where they do as this process does. */
  publicEndpoint: string | undefined;
  /** Undefined: what the SDK finds, such as the role of the machine or pod. */
  accessKey: { id: string; secret: string } | undefined;
  isPathStyle: boolean;
}

export type StoragePlace = { kind: 'folder'; path: string } | { kind: 's3'; s3: S3Place };

const endpoint = z
  .url({ protocol: /^https?$/, error: 'must look like https://s3.example.org' })
  .transform((url) => url.replace(/\/+$/, ''));

/** For the schemas of the apps that have to do with media. */
export const storageSettings = {
  STORAGE_DIR: z.string().min(1).optional(),
  S3_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,62}$/i, 'must be the name of a bucket')
    .optional(),
  S3_PREFIX: z
    .string()
    .regex(/^[a-z0-9][\w.-]*(\/[a-z0-9][\w.-]*)*\/?$/i, 'must look like media or reelay/media')
    .transform((prefix) => prefix.replace(/\/?$/, '/'))
    .optional(),
  S3_REGION: z.string().min(1).optional(),
  S3_ENDPOINT: endpoint.optional(),
  S3_PUBLIC_ENDPOINT: endpoint.optional(),
  S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  S3_PATH_STYLE: z.enum(['true', 'false'], 'must be true or false').optional(),
};
const schema = z.object(storageSettings);
export type StorageSettings = z.output<typeof schema>;

/** What is wrong with them together. For `superRefine` of the schemas that have them. */
export function refuseStorageProblem(settings: StorageSettings, context: z.core.$RefinementCtx): void {
  const { STORAGE_DIR, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = settings;
  const refuse = (name: keyof StorageSettings) =>
    context.addIssue({ code: 'custom', path: [name], message: 'is missing', input: undefined });
  if (STORAGE_DIR === undefined && S3_BUCKET === undefined) refuse('STORAGE_DIR');
  // One without the other would quietly be somebody else's.
  if (S3_SECRET_ACCESS_KEY !== undefined && S3_ACCESS_KEY_ID === undefined) refuse('S3_ACCESS_KEY_ID');
  if (S3_ACCESS_KEY_ID !== undefined && S3_SECRET_ACCESS_KEY === undefined) refuse('S3_SECRET_ACCESS_KEY');
}

/** A bucket goes before a folder. */
export function storagePlaceOf(settings: StorageSettings): StoragePlace {
  const { STORAGE_DIR, S3_BUCKET: bucket, S3_ENDPOINT, S3_ACCESS_KEY_ID: id, S3_SECRET_ACCESS_KEY: secret } = settings;
  if (bucket === undefined) return { kind: 'folder', path: STORAGE_DIR ?? '' };
  return {
    kind: 's3',
    s3: {
      bucket,
      prefix: settings.S3_PREFIX ?? '',
      region: settings.S3_REGION ?? 'us-east-1',
      endpoint: S3_ENDPOINT,
      publicEndpoint: settings.S3_PUBLIC_ENDPOINT,
      accessKey: id !== undefined && secret !== undefined ? { id, secret } : undefined,
      // Amazon wants the bucket in the host's name, most others know it in the path only.
      isPathStyle: settings.S3_PATH_STYLE === undefined ? S3_ENDPOINT !== undefined : settings.S3_PATH_STYLE === 'true',
    },
  };
}
