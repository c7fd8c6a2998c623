const HIDDEN = '[hidden]';

/** Parameters of signed addresses, also with a store's prefix (`X-Amz-Signature`), and an `&` that JSON wrote as an escape. */
const SECRET_PARAMETER =
  /((?:[?&]|\\u0026|&amp;)(?:[\w.-]{0,64}?(?:sig|signature|token|key|key[-_]?(?:pair[-_]?)?id|access[-_]?id|credential|secret|password)|code)=)[^&\s"'#\\]+/gi;

/** Field names whose values are secrets wherever they stand. Counters like `tokens` and ids like `tokenId` are not. */
const SECRET_FIELD =
  /^(token|authorization|proxy[-_]?authorization|cookie|set[-_]?cookie|password|passwd|secret|credential|dx|api[-_]?key|x[-_]api[-_]key|openai[-_]sentinel[-_]token|.*(access|session|refresh|id|csrf)[-_]?token|.*[-_]?(private|master|web|internal|admin|api)[-_]?key|.*secret)$/i;

/**
 * Clients and upstreams choose these texts, so every search ends in time linear in their length: no pattern may run to the end of the
 * text from many beginnings. Where a run may hold several beginnings, it is bounded or looked at once, from its start.
 */
const SECRET_VALUES: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)\s+[\w~+/.=:-]{4,}/gi, `$1 ${HIDDEN}`],
  [/\brly_[0-9A-Za-z]{20,}/g, `rly_${HIDDEN}`],
  [/\bsk-[\w-]{16,}/g, `sk-${HIDDEN}`],
  [/(?<![\w-])(?=[\w-]+\.[\w-]{2})([\w-]*?\b)eyJ[\w-]{8,}\.[\w-]{2,}(\.[\w-]*){0,3}/g, `$1jwt:${HIDDEN}`],
  [/\bdata:[\w.+/;=-]*;base64,[\w+/=%-]*/gi, `data:${HIDDEN}`],
  // To the last "@": a password may hold one as it is.
  [/(:\/\/)[^\s/@:"']*:[^\s/"]*@/g, `$1${HIDDEN}@`],
  [/((?:__Secure-|__Host-)[\w.-]{1,128}=)[^;\s"',]+/g, `$1${HIDDEN}`],
  [/\b((?:set-)?cookie:\s*)[^\r\n"]+/gi, `$1${HIDDEN}`],
  [/\b((?:access|session|refresh|id)_?token["']?\s*[=:]\s*["']?)[\w~+/.=-]{8,}/gi, `$1${HIDDEN}`],
  [SECRET_PARAMETER, `$1${HIDDEN}`],
];

const DEEPEST = 8;
/** Far above what is kept of a body, and above any line worth reading. */
const LONGEST_TEXT = 64 * 1024;
/** What is dropped before the cut: a secret that the cut halved may not look like one any more. */
const UNSURE_END = 4 * 1024;

/**
 * Copies a value with every secret hidden, by the name of its field and by its shape inside any text. What stands behind the first
 * `longest` characters or so is left out, with an ellipsis in its place.
 */
export function scrub(value: unknown, longest = Number.POSITIVE_INFINITY): unknown {
  return copy(value, 0, { left: longest });
}

function copy(value: unknown, depth: number, room: { left: number }): unknown {
  room.left -= typeof value === 'string' ? value.length : 1;
  if (typeof value === 'string') return scrubText(value);
  if (value === null || typeof value !== 'object') return value;
  if (depth >= DEEPEST) return '[too deep]';
  return Array.isArray(value) ? copyItems(value, depth, room) : copyFields(value, depth, room);
}

function copyItems(items: readonly unknown[], depth: number, room: { left: number }): unknown[] {
  const copied: unknown[] = [];
  for (const item of items) {
    if (room.left <= 0) return [...copied, '…'];
    copied.push(copy(item, depth + 1, room));
  }
  return copied;
}

function copyFields(fields: object, depth: number, room: { left: number }): Record<string, unknown> {
  const copied: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(fields)) {
    if (room.left <= 0) return { ...copied, '…': '…' };
    room.left -= name.length;
    copied[scrubText(name)] = SECRET_FIELD.test(name) && isSecretKind(inner) ? HIDDEN : copy(inner, depth + 1, room);
  }
  return copied;
}

export function scrubText(text: string): string {
  if (text.length <= LONGEST_TEXT) return hideSecrets(text);
  const clean = hideSecrets(text.slice(0, LONGEST_TEXT));
  return `${clean.slice(0, -UNSURE_END).replace(/[\ud800-\udbff]$/, '')}… [cut from ${text.length} characters]`;
}

function hideSecrets(text: string): string {
  // Most lines hold nothing that could be a secret; one cheap look spares them ten searches.
  if (!/rly_|sk-|eyJ|bearer|basic|data:|:\/\/|cookie|__|token|[?&]|u0026/i.test(text)) return text;
  let clean = text;
  for (const [pattern, replacement] of SECRET_VALUES) clean = clean.replace(pattern, replacement);
  return clean;
}

function isSecretKind(value: unknown): boolean {
  return value !== null && value !== undefined && typeof value !== 'boolean' && typeof value !== 'number';
}
