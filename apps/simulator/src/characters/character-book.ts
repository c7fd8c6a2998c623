import { RecordBook } from '../journal/record-book.js';
import type { Character, Finalization } from './character.js';

/** A character that has a name, by which prompts find it. */
export type NamedCharacter = Character & { readonly finalization: Finalization };

export class CharacterBook extends RecordBook<Character> {
  /** Names are free again when their character is deleted. */
  findByUsername(username: string): NamedCharacter | undefined {
    return this.#findNamed(({ finalization }) => finalization.username === username);
  }

  findByCharacterId(characterId: string): NamedCharacter | undefined {
    return this.#findNamed(({ finalization }) => finalization.characterId === characterId);
  }

  #findNamed(isWanted: (character: NamedCharacter) => boolean): NamedCharacter | undefined {
    for (const character of this.all()) {
      if (isNamed(character) && character.deletedAt === null && isWanted(character)) return character;
    }
    return undefined;
  }
}

function isNamed(character: Character): character is NamedCharacter {
  return character.finalization !== null;
}
