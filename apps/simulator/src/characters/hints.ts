import type { Account } from '../accounts/account.js';
import { seededNumbers } from '../media/picture/seeded-numbers.js';
import type { CharacterHints } from './character.js';

const qualities = ['amber', 'bold', 'calm', 'dusty', 'gentle', 'mossy', 'quick', 'silver', 'sunny', 'velvet'];
const animals = ['badger', 'crane', 'fox', 'heron', 'lynx', 'marten', 'otter', 'raven', 'seal', 'wren'];

/** Whom the upstream believes to see. The proposed name comes behind the account's handle, as the upstream writes it. */
export function hintsFor(cameoId: string, account: Account): CharacterHints {
  const next = seededNumbers(`character ${cameoId}`);
  const quality = qualities[Math.floor(next() * qualities.length)]!;
  const animal = animals[Math.floor(next() * animals.length)]!;
  return {
    username: `${account.username ?? 'someone'}.${quality}${animal}`,
    displayName: `${capital(quality)} ${capital(animal)}`,
    instructionSet: `Speaks softly and moves like a ${animal}.`,
  };
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
