const HIDDEN = '[hidden]';

/** Field names whose values are secrets wherever they stand. Counters like `tokens` and ids like `tokenId` are not. */
const SECRET_FIELD =
  /^(token|authorization|proxy[-_]?authorization|cookie|set[-_]?cookie|password|passwd|secret|credential|dx|api[-_]?key|x[-_]api[-_]key|openai[-_]sentinel[-_]token|.*(access|session|refresh|id|csrf)[-_]?token|.*[-_]?(private|master|web|internal|admin|api)[-_]?key|.*secret)$/i;

const SECRET_VALUES: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)\s+[\w~+/.=:-]{4,}/gi, `$1 ${HIDDEN}`],
  [/\brly_[0-9A-Za-z]{20,}/g, `rly_${HIDDEN}`],
  [/\bsk-[\w-]{16,}/g, `sk-${HIDDEN}`],
  [/\beyJ[\w-]{8,}\.[\w-]{2,}(\.[\w-]*){0,3}/g, `jwt:${HIDDEN}`],
  [/\bdata:[\w.+/-]*(;[\w=.+-]*)*;base64,[\w+/=%-]*/gi, `data:${HIDDEN}`],
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@:"']*:[^\s/@"']*@/gi, `$1${HIDDEN}@`],
  [/((?:__Secure-|__Host-)[\w.-]+=)[^;\s"',]+/g, `$1${HIDDEN}`],
  [/\b((?:set-)?cookie:\s*)[^\r\n"]+/gi, `$1${HIDDEN}`],
  [/\b((?:access|session|refresh|id)_?token["']?\s*[=:]\s*["']?)[\w~+/.=-]{8,}/gi, `$1${HIDDEN}`],
  [/([?&](?:sig|signature|token|key|api_key|access_token|code)=)[^&\s"'#]+/gi, `$1${HIDDEN}`],
];

const DEEPEST = 8;

/** Copies a value with every secret hidden, by the name of its field and by its shape inside any text. */
export function scrub(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (value === null || typeof value !== 'object') return value;
  if (depth >= DEEPEST) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => scrub(item, depth + 1));
  const copy: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    copy[scrubText(name)] = SECRET_FIELD.test(name) && isSecretKind(inner) ? HIDDEN : scrub(inner, depth + 1);
  }
  return copy;
}

export function scrubText(text: string): string {
  // Most lines hold nothing that could be a secret; one cheap look spares them ten searches.
  if (!/rly_|sk-|eyJ|bearer|basic|data:|:\/\/|cookie|__|token|[?&]/i.test(text)) return text;
  let clean = text;
  for (const [pattern, replacement] of SECRET_VALUES) clean = clean.replace(pattern, replacement);
  return clean;
}

function isSecretKind(value: unknown): boolean {
  return value !== null && value !== undefined && typeof value !== 'boolean' && typeof value !== 'number';
}
