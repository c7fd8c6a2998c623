/** All routes as the router knows them, so that a wrong method is told apart from a wrong path, and tests can walk every door. */

export interface RouteEntry {
  method: string;
  /** Pattern with `:name` segments. */
  path: string;
}

export class RouteTable {
  readonly #entries: RouteEntry[] = [];

  add(method: string | string[], path: string): void {
    for (const each of [method].flat()) this.#entries.push({ method: each, path });
  }

  get entries(): readonly RouteEntry[] {
    return this.#entries;
  }

  /** Methods that some route of this path answers. */
  methodsOf(url: string): string[] {
    // As the router reads it.
    const path = (url.split(/[?#]/, 1)[0] ?? '').replace(/\/{2,}/g, '/').replace(/(.)\/$/, '$1');
    const methods = this.#entries.filter((entry) => matches(entry.path, path)).map((entry) => entry.method);
    return [...new Set(methods)].sort();
  }
}

function matches(pattern: string, path: string): boolean {
  const expected = pattern.split('/');
  const given = path.split('/');
  if (expected.length !== given.length) return false;
  return expected.every((part, index) => (part.startsWith(':') ? given[index] !== '' : part === given[index]));
}
