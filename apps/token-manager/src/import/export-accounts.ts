/** The pool as a file: sora2api's export with its field names unchanged, and ours beside them. What is exported here is imported here. */
import { describeProxy } from '@reelay/contracts/proxy-address';
import { readAccountsPage, type StoredSecrets } from '@reelay/db/batches/read-accounts';
import { SealError } from '@reelay/platform/seal';
import type { Vault } from '../credentials/vault.js';
import type { TokenManagerParts } from '../token-manager-parts.js';

const pageSize = 200;

/** A JSON array, in pieces. Without secrets their fields are null. */
export async function* exportAccounts(
  { database, vault, log }: Pick<TokenManagerParts, 'database' | 'vault' | 'log'>,
  { withSecrets }: { withSecrets: boolean },
): AsyncGenerator<string> {
  let count = 0;
  let after = '';
  yield '[';
  for (;;) {
    const page = await readAccountsPage(database, after, pageSize);
    for (const account of page) {
      const element = withSecrets ? withSecretsOf(vault, account) : { ...publicFields(account), ...noSecrets };
      yield `${count === 0 ? '' : ','}\n${JSON.stringify(element, null, 2)}`;
      count += 1;
    }
    after = page.at(-1)?.id ?? after;
    if (page.length < pageSize) break;
  }
  yield '\n]\n';
  log.warn({ count, withSecrets }, withSecrets ? 'accounts exported with their secrets' : 'accounts exported');
}

const noSecrets = { access_token: null, session_token: null, refresh_token: null, proxy_url: null };

function withSecretsOf(vault: Vault, account: StoredSecrets): object {
  const { id } = account;
  try {
    const proxy = vault.openOptional(id, 'proxy_sealed', account.proxySealed);
    return {
      ...publicFields(account),
      access_token: vault.open(id, 'access_token_sealed', account.accessTokenSealed),
      session_token: vault.openOptional(id, 'session_token_sealed', account.sessionTokenSealed) ?? null,
      refresh_token: vault.openOptional(id, 'refresh_token_sealed', account.refreshTokenSealed) ?? null,
      proxy_url: proxy ?? null,
      ...(proxy === undefined ? {} : { proxy_hint: describeProxy(proxy) }),
    };
  } catch (error) {
    // Sealed with a master key that is gone: one lost account is no reason to export none.
    if (!(error instanceof SealError)) throw error;
    return { ...publicFields(account), ...noSecrets, problem: error.message };
  }
}

function publicFields(account: StoredSecrets): object {
  const { identity, label, state, provider, target, plan, sora2, expiresAt } = account;
  return {
    email: identity,
    client_id: account.clientId,
    remark: label === identity ? null : label,
    is_active: state !== 'disabled',
    image_enabled: account.imageEnabled,
    video_enabled: account.videoEnabled,
    image_concurrency: account.imageLimit === 0 ? -1 : account.imageLimit,
    video_concurrency: account.videoLimit === 0 ? -1 : account.videoLimit,
    ...{ provider, target, identity, plan, sora2, state, expires_at: expiresAt?.toISOString() ?? null },
    ...{ weight: account.weight, used_by_people: account.usedByPeople },
    ...(state === 'disabled' ? { disabled_reason: account.stateReason, disabled_by: account.disabledBy } : {}),
  };
}
