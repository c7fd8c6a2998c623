/** Secrets of tokens at rest: sealed for their row and column, so that one copied elsewhere does not open. */
import { createKeyRing, type KeyRing, open, seal } from '@reelay/platform/seal';

export type SecretColumn = 'access_token_sealed' | 'session_token_sealed' | 'refresh_token_sealed' | 'proxy_sealed';

export class Vault {
  readonly #ring: KeyRing;

  constructor(masterKey: string) {
    this.#ring = createKeyRing(masterKey, 'enc/credential');
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
}

/** What people may see of a secret: enough to tell two apart. */
export function hintOf(secret: string): string {
  return secret.slice(-4);
}
