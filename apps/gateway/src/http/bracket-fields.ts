/** Form fields with brackets in their names, as clients write nested values: `a[b]`, `a[]`, `a[0]`, `a[][b]`. Pure. */
import { AppError } from '@reelay/contracts/errors';

export type FormValue = unknown;
export type FormObject = { [name: string]: FormValue };
type Container = FormObject | FormValue[];

const forbidden = new Set(['__proto__', 'constructor', 'prototype']);
const deepest = 5;
/** Clients send several of these under the plain name as well. */
const mayRepeat = new Set(['image']);
/** The numbers under which the elements of a list came; without one it was only appended. */
const numbers = new WeakMap<FormValue[], (number | undefined)[]>();

/**
 * Later texts of the same name replace earlier ones, as a JSON parser does.
 *
 * @throws AppError `invalid_request`, `invalid_value`
 */
export function assignField(form: FormObject, name: string, value: FormValue): void {
  const path = pathOf(name);
  const [first = ''] = path;
  if (mayRepeat.has(first) && Object.hasOwn(form, first) && (path.length === 1 || isPlace(path[1]))) {
    const known = form[first];
    if (!Array.isArray(known)) form[first] = [known];
    if (path.length === 1) path.push('');
  }
  let container: Container = form;
  for (const [index, key] of path.entries()) {
    const rest = path.slice(index + 1);
    if (rest.length === 0) put(container, key, value, name);
    else container = enter(container, key, rest, name);
  }
}

/** `characters[][id]` → `characters`, ``, `id`; a name that is not of this form stands for itself. */
function pathOf(name: string): string[] {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name);
  const path = match
    ? [match[1] ?? '', ...(match[2] ?? '').slice(1, -1).split('][')].slice(0, match[2] ? undefined : 1)
    : [name];
  if (path.length > deepest || path.some((key) => forbidden.has(key))) throw refuse(name);
  return path;
}

function put(container: Container, key: string, value: FormValue, name: string): void {
  const known = key === '' && Array.isArray(container) ? undefined : get(container, key);
  // Which of two images was meant is not guessed, and none is dropped without a word.
  if (known !== undefined && (typeof known !== 'string' || typeof value !== 'string')) throw sentTwice(name);
  set(container, key, value);
}

function enter(container: Container, key: string, rest: string[], name: string): Container {
  const known = get(container, key);
  const wantsList = isPlace(rest[0]);
  if (Array.isArray(container) && key === '') {
    // A name that the last element has already begins the next element.
    if (isObject(known) && !wantsList && !Object.hasOwn(known, rest[0] ?? '')) return known;
  } else if (known !== undefined) {
    if (wantsList && Array.isArray(known)) return known;
    if (!wantsList && isObject(known)) return known;
    throw refuse(name);
  }
  const next = wantsList ? [] : {};
  set(container, key, next);
  return next;
}

/** Whether it stands for an element of a list: `[]`, or a number as PHP, qs and axios write it. */
function isPlace(key: string | undefined): boolean {
  return key !== undefined && /^(?:0|[1-9]\d?)?$/.test(key);
}

function get(container: Container, key: string): FormValue {
  if (!Array.isArray(container)) return Object.hasOwn(container, key) ? container[key] : undefined;
  return key === '' ? container.at(-1) : container[numbersOf(container).indexOf(Number(key))];
}

function set(container: Container, key: string, value: FormValue): void {
  if (!Array.isArray(container)) {
    container[key] = value;
    return;
  }
  const known = numbersOf(container);
  const number = key === '' ? undefined : Number(key);
  const same = number === undefined ? -1 : known.indexOf(number);
  const later = number === undefined ? -1 : known.findIndex((other) => other !== undefined && other > number);
  const at = same !== -1 ? same : later !== -1 ? later : container.length;
  const replaced = same === -1 ? 0 : 1;
  container.splice(at, replaced, value);
  known.splice(at, replaced, number);
}

function numbersOf(list: FormValue[]): (number | undefined)[] {
  const known = numbers.get(list) ?? list.map(() => undefined);
  numbers.set(list, known);
  return known;
}

/** A file is none: nothing of it can be set by a name. */
function isObject(value: unknown): value is FormObject {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function refuse(name: string): AppError {
  const shown = name.slice(0, 100);
  return new AppError('invalid_request', `The form field "${shown}" cannot be read: check its brackets.`, {
    param: shown,
  });
}

function sentTwice(name: string): AppError {
  const shown = name.slice(0, 100);
  return new AppError('invalid_value', `The form has "${shown}" more than once: send one.`, { param: shown });
}
