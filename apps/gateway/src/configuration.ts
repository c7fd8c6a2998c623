/** What the gateway is told from outside. Read once, in `main.ts`; every problem is named at boot. */
import { commonSettings, placesSetting, portSetting, secretSetting } from '@reelay/platform/config';
import { refuseStorageProblem, storageSettings } from '@reelay/platform/storage-place';
import { z } from 'zod';

const shape = z.object({
  ...commonSettings,
  ...storageSettings,
  HOST: z.string().min(1).default('0.0.0.0'),
  PORT: portSetting(8000),
  /** What links begin with; by default the scheme and host the client asked. */
  PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'must look like https://video.example.org' })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  /** Whose X-Forwarded-* headers count: `true`, or addresses and networks joined by commas. A number of hops proves nothing. */
  TRUST_PROXY: z
    .string()
    .regex(/^(true|false|[\w.:/, ]*[.:a-z][\w.:/, ]*)$/i, 'must be true, or addresses and networks like 10.0.0.0/8')
    .transform(readTrustProxy)
    .optional(),
  /** Private places that images and videos are fetched from and events are sent to, although their addresses come from clients. */
  FETCH_ALLOW: placesSetting,
  WEB_KEY: secretSetting('WEB_KEY'),
  INTERNAL_KEY: secretSetting('INTERNAL_KEY'),
  ADMIN_KEY: secretSetting('ADMIN_KEY'),
  /** A client's key that always works, as key "default" of owner "default". */
  API_KEY: secretSetting('API_KEY').optional(),
  TOKEN_MANAGER_URL: z.url({ protocol: /^https?$/, error: 'must look like http://token-manager:8001' }),
  /** Makes thumbnails and spritesheets: a path, or a name that is looked for on PATH. */
  FFMPEG_PATH: z.string().min(1).default('ffmpeg'),
});
export const configurationSchema = shape.superRefine(refuseStorageProblem);
export type Configuration = z.infer<typeof configurationSchema>;

export type TrustProxy = boolean | string;

function readTrustProxy(text: string): TrustProxy {
  return text === 'true' || (text !== 'false' && text);
}
