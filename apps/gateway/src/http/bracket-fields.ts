/** Form fields with brackets in their names, as the SDKs write nested values: `a[b]`, `a[]`, `a[][b]`. Pure. */
import { AppError } from '@reelay/contracts/errors';

export type FormValue = unknown;
export type FormObject = { [name: string]: FormValue };

const forbidden = new Set(['__proto__', 'constructor', 'prototype']);
const deepest = 5;

/** Later fields of the same plain name replace earlier ones, as a JSON parser does. */
export function assignField(form: FormObject, name: string, value: FormValue): void {
  const path = pathOf(name);
  let container: FormObject | FormValue[] = form;
  for (const [index, key] of path.entries()) {
    const rest = path.slice(index + 1);
    if (rest.length === 0) put(container, key, value);
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

function put(container: FormObject | FormValue[], key: string, value: FormValue): void {
  if (Array.isArray(container)) container.push(value);
  else container[key] = value;
}

function enter(
  container: FormObject | FormValue[],
  key: string,
  rest: string[],
  name: string,
): FormObject | FormValue[] {
  const known = Array.isArray(container) ? container.at(-1) : container[key];
  const wantsArray = rest[0] === '';
  if (Array.isArray(container)) {
    // A name that the last element has already begins the next element.
    if (isObject(known) && !wantsArray && !Object.hasOwn(known, rest[0] ?? '')) return known;
    const next = wantsArray ? [] : {};
    container.push(next);
    return next;
  }
  if (known === undefined) {
    const next = wantsArray ? [] : {};
    container[key] = next;
    return next;
  }
  if (wantsArray && Array.isArray(known)) return known;
  if (!wantsArray && isObject(known)) return known;
  throw refuse(name);
}

function isObject(value: unknown): value is FormObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(name: string): AppError {
  const shown = name.slice(0, 100);
  return new AppError('invalid_request', `The form field "${shown}" cannot be read: check its brackets.`, {
    param: shown,
  });
}
