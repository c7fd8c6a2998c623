/** What a route learned about its request, for the line that is logged when the request ends. */

const fieldsOfRequest = new WeakMap<object, Readonly<Record<string, string>>>();

export function addLogFields(request: object, fields: Readonly<Record<string, string>>): void {
  fieldsOfRequest.set(request, { ...fieldsOfRequest.get(request), ...fields });
}

export function logFieldsOf(request: object): Readonly<Record<string, string>> {
  return fieldsOfRequest.get(request) ?? {};
}
