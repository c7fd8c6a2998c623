/** JSON as its writers never write it: numbers beyond all numbers, keys twice, ten thousand levels. Pure. */
import { FormFile } from './known-values.js';

/** Put into the text as it is. */
export class RawJson {
  constructor(readonly text: string) {}
}

/** Like `JSON.stringify`, with `RawJson` as written and files as their names. */
export function writeJson(value: unknown): string {
  if (value instanceof RawJson) return value.text;
  if (value instanceof FormFile) return JSON.stringify(value.name);
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${writeJson(field)}`).join(',')}}`;
}

/** Every field of the outermost object a second time, before those that are meant. */
export function writeTwice(value: unknown): string {
  const text = writeJson(value);
  return /^\{./.test(text) && text !== '{}' ? `{${text.slice(1, -1)},${text.slice(1)}` : text;
}
