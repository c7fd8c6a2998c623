/** Changes the proxies of the installation. What begins from now on takes the new ones; what has begun keeps its own. */
import type { ProxySettingKey, SetProxies } from '@reelay/contracts/proxies';
import { writeSealedSetting } from '@reelay/db/sealed-settings';
import { inTransaction } from '@reelay/db/transaction';
import type { TokenManagerParts } from '../token-manager-parts.js';

export async function storeProxies(
  { database, vault, log }: Pick<TokenManagerParts, 'database' | 'vault' | 'log'>,
  { defaultProxyUrl, uploadProxyUrl }: SetProxies,
): Promise<void> {
  const given: [ProxySettingKey, string | null | undefined][] = [
    ['proxy.default', defaultProxyUrl],
    ['proxy.upload', uploadProxyUrl],
  ];
  await inTransaction(database, async (tx) => {
    for (const [key, url] of given) {
      if (url === undefined) continue;
      await writeSealedSetting(tx, key, url === null ? null : vault.sealSetting(key, url));
    }
  });
  for (const [key, url] of given) {
    if (url !== undefined) log.info({ setting: key }, url === null ? 'proxy removed' : 'proxy set');
  }
}
