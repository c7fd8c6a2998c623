/** What the gateway is told from outside. Read once, in `main.ts`; every problem is named at boot. */
import { commonSettings, portSetting, secretSetting } from '@reelay/platform/config';
import { z } from 'zod';

export const configurationSchema = z.object({
  ...commonSettings,
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
  /** Private places that images and videos may be fetched from, although their addresses come from clients: host:port, joined by commas. */
  FETCH_ALLOW: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((place) => place.trim() || []))
    .pipe(z.array(z.string().regex(/^([\w.-]+|\[[\da-f:.]+\]):\d{1,5}$/i, 'must be host:port, joined by commas'))),
  WEB_KEY: secretSetting('WEB_KEY'),
  INTERNAL_KEY: secretSetting('INTERNAL_KEY'),
  ADMIN_KEY: secretSetting('ADMIN_KEY'),
  /** A client's key that always works, as key "default" of owner "default". */
  API_KEY: secretSetting('API_KEY').optional(),
  TOKEN_MANAGER_URL: z.url({ protocol: /^https?$/, error: 'must look like http://token-manager:8001' }),
  STORAGE_DIR: z.string().min(1),
});
export type Configuration = z.infer<typeof configurationSchema>;

export type TrustProxy = boolean | string;

function readTrustProxy(text: string): TrustProxy {
  return text === 'true' || (text !== 'false' && text);
}
