import { logSettings, portSetting } from '@reelay/platform/config';
import { z } from 'zod';
import { defaultRemembered } from './simulator.js';

export const settingsSchema = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: portSetting(8088),
  SIMULATOR_STATE_DIR: z.string().optional(),
  SIMULATOR_RENDER_MS: z.coerce.number().int().min(0).max(86_400_000).default(6_000),
  SIMULATOR_SEED: z.string().optional(),
  SIMULATOR_REMEMBERS: z.coerce.number().int().min(1).max(1_000_000).default(defaultRemembered),
  ...logSettings(),
});
