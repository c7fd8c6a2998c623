import { createHash } from 'node:crypto';

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_LENGTH = 10;
const RANDOM_LENGTH = 16;
const GENERATION_LENGTH = 26;

export function taskId(createdAt: number, random: Buffer): string {
  return timedId('task', createdAt, random);
}

/**
 * Time first, as in a ULID: ids stay unique when the simulator starts again with the same seed, because a client may keep them in
 * a unique column for ever.
 */
export function timedId(prefix: string, createdAt: number, random: Buffer): string {
  let time = '';
  for (let rest = createdAt; time.length < TIME_LENGTH; rest = Math.floor(rest / 32))
    time = CROCKFORD[rest % 32] + time;
  return `${prefix}_${time}${encode(random, RANDOM_LENGTH)}`;
}

/** `s_` and 32 hexadecimal digits, the first 12 of which are the time, for the same reason. */
export function postId(createdAt: number, random: Buffer): string {
  return `s_${createdAt.toString(16).padStart(12, '0')}${random.toString('hex', 0, 10)}`;
}

/** The id under which a finished task appears among the drafts: known from the task alone. */
export function generationId(task: string): string {
  return `gen_${encode(createHash('sha256').update(`generation ${task}`).digest(), GENERATION_LENGTH)}`;
}

/** One character per byte: 5 of its 8 bits. */
function encode(bytes: Buffer, length: number): string {
  return [...bytes.subarray(0, length)].map((byte) => CROCKFORD[byte % 32]).join('');
}
