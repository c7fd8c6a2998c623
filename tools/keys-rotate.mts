// `npm run keys:rotate`: seals everything anew that an earlier master key sealed. docs/operations.md says what comes before and after.
import { createRequire } from 'node:module';
import { homeDir } from './infra/paths.mts';
import { givenMasterKeys } from './launcher/keys.mts';
import { withOwnDatabase } from './own-database.mts';

const { current, old } = await givenMasterKeys(homeDir, process.env).catch(refuse);
if (old.length === 0) {
  refuse(
    new Error(
      'There is no earlier master key to take leave of. Give the new key as MASTER_KEY and the earlier one as OLD_MASTER_KEYS ' +
        '(with npm start: in keys/master.key and keys/old-master.keys of the data folder), start the token-manager anew, then run this again.',
    ),
  );
}
process.exitCode = await withOwnDatabase(rotate).catch(refuse);

async function rotate(url: string): Promise<number> {
  const { createDatabase } = await import('@reelay/db/client');
  const { rotateKeys, Vault } = loadBuilt();
  const database = createDatabase({ url, applicationName: 'reelay-keys-rotate', poolSize: 2 });
  try {
    const { resealed, unreadable, left } = await rotateKeys({
      database,
      vault: new Vault(current, old),
      onColumn: (column, count) => console.log(`${column}: ${count} sealed anew`),
    });
    console.log(`${resealed} values were sealed anew with the new master key.`);
    if (unreadable.length > 0) {
      console.error(
        `${unreadable.length} values open with none of the keys given, the first of them ${unreadable[0]}.`,
      );
      console.error('Add the key that sealed them to OLD_MASTER_KEYS and run this again, or set those secrets anew.');
    }
    if (left > 0) {
      console.error(
        `${left} values are still written with an earlier key: a token-manager runs with it as its MASTER_KEY.`,
      );
      console.error('Start every token-manager anew with the new key, then run this again.');
    }
    if (unreadable.length > 0 || left > 0) return 1;
    console.log('Nothing is sealed with an earlier key any more: take it out of OLD_MASTER_KEYS, and destroy it.');
    console.log('Backups made before now open with the earlier key only.');
    return 0;
  } finally {
    await database.$disconnect();
  }
}

/** The token-manager is an app: only tools and benches may take anything from it, and nobody else knows how secrets are sealed. */
function loadBuilt(): Pick<typeof import('../apps/token-manager/src/keys/rotate-keys.ts'), 'rotateKeys'> &
  Pick<typeof import('../apps/token-manager/src/credentials/vault.ts'), 'Vault'> {
  const load = createRequire(import.meta.url);
  return {
    ...load('../apps/token-manager/dist/keys/rotate-keys.js'),
    ...load('../apps/token-manager/dist/credentials/vault.js'),
  };
}

function refuse(error: unknown): never {
  console.error((error as Error).message);
  process.exit(1);
}
