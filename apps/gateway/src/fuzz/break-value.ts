/** A value with something wrong at one place. Pure. */
import fc, { type Arbitrary } from 'fast-check';
import { FormFile } from './known-values.js';
import { nastyKeys, nastyValues } from './nasty-values.js';
import { RawJson } from './write-json.js';

type Path = readonly (string | number)[];

export type Edit =
  | { readonly kind: 'replace'; readonly by: unknown }
  | { readonly kind: 'add'; readonly key: string; readonly value: unknown }
  | { readonly kind: 'rename'; readonly key: string }
  | { readonly kind: 'remove' | 'wrap' | 'stringify' | 'repeat' };

export const edits: Arbitrary<Edit> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...nastyValues).map((by): Edit => ({ kind: 'replace', by })) },
  {
    weight: 1,
    arbitrary: fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }).map((by): Edit => ({ kind: 'replace', by })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ key: fc.constantFrom(...nastyKeys), value: fc.constantFrom(...nastyValues) })
      .map((of): Edit => ({ kind: 'add', ...of })),
  },
  { weight: 1, arbitrary: fc.constantFrom(...nastyKeys).map((key): Edit => ({ kind: 'rename', key })) },
  { weight: 2, arbitrary: fc.constantFrom('remove', 'wrap', 'stringify', 'repeat').map((kind): Edit => ({ kind })) },
);

/** Values of the arbitrary, each with one or two such edits. */
export function broken(values: Arbitrary<unknown>): Arbitrary<unknown> {
  const edit = fc.tuple(fc.nat(1_000), edits);
  return fc
    .tuple(values, fc.array(edit, { minLength: 1, maxLength: 2 }))
    .map(([value, given]) => given.reduce((edited, [at, each]) => breakValue(edited, at, each), value));
}

/** `at` chooses among all places there are, the value itself included. */
export function breakValue(value: unknown, at: number, edit: Edit): unknown {
  const places = placesOf(value, []);
  return editAt(value, places[at % places.length] ?? [], edit);
}

function placesOf(value: unknown, path: Path): Path[] {
  if (!isContainer(value)) return [path];
  const inner = Object.entries(value).flatMap(([key, item]) =>
    placesOf(item, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return [path, ...inner.slice(0, 100)];
}

function editAt(value: unknown, [key, ...rest]: Path, edit: Edit): unknown {
  if (key === undefined) return edited(value, edit);
  if (!isContainer(value)) return value;
  if (rest.length === 0 && edit.kind === 'remove') return without(value, key);
  if (rest.length === 0 && edit.kind === 'rename') return withKey(without(value, key), edit.key, item(value, key));
  return withKey(value, key, editAt(item(value, key), rest, edit));
}

function edited(value: unknown, edit: Edit): unknown {
  switch (edit.kind) {
    case 'replace':
      return edit.by;
    case 'add':
      return isContainer(value) ? withKey(value, edit.key, edit.value) : { [edit.key]: edit.value };
    case 'wrap':
      return [value];
    case 'stringify':
      return value instanceof FormFile || value instanceof RawJson ? 'x' : (JSON.stringify(value) ?? 'undefined');
    case 'repeat':
      return Array.from({ length: 20 }, () => value);
    default:
      return undefined;
  }
}

/** Keys like `__proto__` become fields of its own. */
function withKey(value: object, key: string | number, item: unknown): unknown {
  if (Array.isArray(value) && typeof key === 'number')
    return value.map((old: unknown, index) => (index === key ? item : old));
  // A list has no names: it gets one more element that does.
  if (Array.isArray(value)) return [...(value as unknown[]), withKey({}, key, item)];
  return Object.defineProperty({ ...value }, key, {
    value: item,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function without(value: object, key: string | number): object {
  if (Array.isArray(value)) return value.filter((_, index) => index !== key);
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
}

function item(value: object, key: string | number): unknown {
  return (value as Record<string | number, unknown>)[key];
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof FormFile) && !(value instanceof RawJson);
}
