/** Secrets at rest, of tokens, of batches and of the installation: sealed for their row and column, so that one copied elsewhere does not open. */
import { createHmac } from 'node:crypto';
import type { ProxySettingKey } from '@reelay/contracts/proxies';
import type { SealedProxy } from '@reelay/db/tokens/proxy-of-token';
import { deriveKey } from '@reelay/platform/keys';
import { createKeyRing, type KeyRing, open, type SealedPlace, seal } from '@reelay/platform/seal';

export type SecretColumn = 'access_token_sealed' | 'session_token_sealed' | 'refresh_token_sealed' | 'proxy_sealed';

export class Vault {
  readonly #ring: KeyRing;
  readonly #macKeys: readonly Buffer[];

  /** Old keys open what was sealed before the master key was changed, until `keys:rotate` has sealed it anew. */
  constructor(masterKey: string, oldMasterKeys: readonly string[] = []) {
    this.#ring = createKeyRing(masterKey, 'enc/credential', oldMasterKeys);
    this.#macKeys = [...new Set([masterKey, ...oldMasterKeys])].map((key) => deriveKey(key, 'mac/refresh-token'));
  }

  sealAt(place: SealedPlace, secret: string): string {
    return seal(this.#ring, secret, place);
  }

  /** @throws SealError */
  openAt(place: SealedPlace, sealed: string): string {
    return open(this.#ring, sealed, place);
  }

  /** Names the key that seals. */
  get keyId(): string {
    return this.#ring.current;
  }

  /** Tells equal refresh tokens apart from others without keeping them: first by the key in use, then by each earlier one. */
  macsOf(refreshToken: string): readonly [string, ...string[]] {
    const [current = '', ...earlier] = this.#macKeys.map((key) =>
      createHmac('sha256', key).update(refreshToken).digest('base64url'),
    );
    return [current, ...earlier];
  }

  seal(tokenId: string, column: SecretColumn, secret: string): string {
    return seal(this.#ring, secret, { table: 'token', row: tokenId, column });
  }

  /** @throws SealError */
  open(tokenId: string, column: SecretColumn, sealed: string): string {
    return open(this.#ring, sealed, { table: 'token', row: tokenId, column });
  }

  sealOptional(tokenId: string, column: SecretColumn, secret: string | undefined): string | null {
    return secret === undefined ? null : this.seal(tokenId, column, secret);
  }

  openOptional(tokenId: string, column: SecretColumn, sealed: string | null): string | undefined {
    return sealed === null ? undefined : this.open(tokenId, column, sealed);
  }

  sealSetting(key: ProxySettingKey, secret: string): string {
    return seal(this.#ring, secret, placeOfSetting(key));
  }

  /** @throws SealError */
  openSetting(key: ProxySettingKey, sealed: string): string {
    return open(this.#ring, sealed, placeOfSetting(key));
  }

  /** A proxy of this token or, where its place says so, of the installation. @throws SealError; never a direct call in its stead */
  openProxy(tokenId: string, { proxySealed, proxyPlace }: SealedProxy): string | undefined {
    if (proxySealed === null) return undefined;
    if (proxyPlace === 'proxy.default') return this.openSetting(proxyPlace, proxySealed);
    return this.open(tokenId, 'proxy_sealed', proxySealed);
  }
}

function placeOfSetting(key: ProxySettingKey): SealedPlace {
  return { table: 'sealed_setting', row: key, column: 'value_sealed' };
}

/** What people may see of a secret: enough to tell two apart. */
export function hintOf(secret: string): string {
  return secret.slice(-4);
}
