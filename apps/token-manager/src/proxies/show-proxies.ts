/** The proxies of the installation as people may see them. */
import { type ProxiesView, type ProxySettingKey, proxySettingKeys } from '@reelay/contracts/proxies';
import { describeProxy } from '@reelay/contracts/proxy-address';
import { readSealedSettings } from '@reelay/db/sealed-settings';
import type { Vault } from '../credentials/vault.js';
import type { TokenManagerParts } from '../token-manager-parts.js';

export async function showProxies({
  database,
  vault,
}: Pick<TokenManagerParts, 'database' | 'vault'>): Promise<ProxiesView> {
  const sealed = await readSealedSettings(database, proxySettingKeys);
  const show = (key: ProxySettingKey) =>
    sealed[key] === undefined ? null : { isSet: true as const, hint: hintOf(vault, key, sealed[key]) };
  return { default: show('proxy.default'), upload: show('proxy.upload') };
}

/** One that this master key does not open, or that makes no sense, is shown as set: calls that need it fail until it is set again. */
function hintOf(vault: Vault, key: ProxySettingKey, sealed: string): string | null {
  try {
    return describeProxy(vault.openSetting(key, sealed));
  } catch {
    return null;
  }
}
