import { commonSettings, portSetting, secretListSetting, secretSetting } from '@reelay/platform/config';
import { z } from 'zod';

/** The token-manager's environment. Any `X` may be given as `X_FILE`. */
export const configurationSchema = z.object({
  ...commonSettings,
  HOST: z.string().min(1).default('0.0.0.0'),
  PORT: portSetting(8001),
  /** Seals credentials; nobody else has it. */
  MASTER_KEY: secretSetting('MASTER_KEY'),
  /** Earlier ones, joined by commas: they open what they sealed until `npm run keys:rotate` has sealed it anew. */
  OLD_MASTER_KEYS: secretListSetting('OLD_MASTER_KEYS'),
  /** What gateway and worker show to be let in. */
  INTERNAL_KEY: secretSetting('INTERNAL_KEY'),
  SIMULATOR_URL: z.url({ protocol: /^https?$/, error: 'must look like http://127.0.0.1:8088' }).optional(),
  /** Only fault tests set it: where this process is to kill itself. */
  CRASH_AT: z.string().optional(),
});
export type Configuration = z.infer<typeof configurationSchema>;
