/**
 * Where things stand in the core's memory. The module that is emitted and the code that fills its memory agree on this and nothing else.
 * Places of words have room for those of two messages.
 */
export const STATE = 0;
export const OTHER_STATE = 512;
/** The state after the blocks that are the same in all tries. */
export const STARTING_STATE = 1_024;
export const ROUND_CONSTANTS = 1_536;
export const BASE64_ALPHABET = 2_048;
export const TARGET = 2_112;
export const NUMBER_FIELD = 2_176;
export const HALF_FIELD = 2_208;
/** Blocks of the padded message; byte i of message l of n stands at 8·(n·⌊i/8⌋ + l) + i mod 8. To the end of the memory. */
export const MESSAGE = 4_096;
export const PAGES = 1;

/**
 * A decimal number within the message. Base64 turns three bytes into four characters, so the text of a field is the number and as much
 * of what stands around it as makes its triples whole.
 */
export const field = {
  /** Addresses, each an i32. */
  firstDigit: 0,
  afterDigits: 4,
  afterText: 8,
  /** Index in the message of the character that the text's first byte begins. */
  at: 12,
  /** Up to nine bytes: six digits and two neighbours fill three triples. */
  text: 16,
} as const;
