import { toStorableText } from '@reelay/contracts/storable-text';

/**
 * Undefined, which no schema takes, when the text is empty or no JSON. Every string of it may be stored: one stranger's reason or id
 * that the database refuses would take the outcomes of the whole account with it.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (_name, value: unknown) => (typeof value === 'string' ? toStorableText(value) : value));
  } catch {
    return undefined;
  }
}
