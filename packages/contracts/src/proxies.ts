/** The proxies of the whole installation, as an administrator reads and changes them. Answers never contain a password. */
import { z } from 'zod';
import { proxyUrlSchema } from './proxy-address.js';

/** Where an attempt's sealed proxy belongs: to its token, or to the setting of this key. */
export type ProxyPlace = 'token' | 'proxy.default';

/** Keys of sealed settings. */
export const proxySettingKeys = ['proxy.default', 'proxy.upload'] as const;
export type ProxySettingKey = (typeof proxySettingKeys)[number];

const proxyViewSchema = z
  .object({
    isSet: z.literal(true),
    /** `socks5://user@host:1080`, without the password. Null when it cannot be opened (another master key) or read: set it again. */
    hint: z.string().nullable(),
  })
  .nullable();

export const proxiesViewSchema = z.object({
  /** For every account that has no proxy of its own. */
  default: proxyViewSchema,
  /** For uploads of references, whatever the account's proxy; without it they go the way of everything else. */
  upload: proxyViewSchema,
});
export type ProxiesView = z.infer<typeof proxiesViewSchema>;

/** What is left out stays as it is; null removes. Work that has begun keeps the proxy it began with. */
export const setProxiesSchema = z.object({
  defaultProxyUrl: proxyUrlSchema.nullable().optional(),
  uploadProxyUrl: proxyUrlSchema.nullable().optional(),
});
export type SetProxies = z.infer<typeof setProxiesSchema>;
