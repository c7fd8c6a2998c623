/** The Range header and the conditions of RFC 9110 as far as players and download tools use them: one range of bytes. Pure. */

export type RangeAnswer = { kind: 'whole' } | { kind: 'part'; start: number; end: number } | { kind: 'unsatisfiable' };

const whole: RangeAnswer = { kind: 'whole' };

/** Several ranges, other units and malformed ranges are ignored, as the RFC allows: the answer is the whole. */
export function parseRange(header: string | undefined, sizeBytes: number): RangeAnswer {
  const match = /^bytes=\s*(\d{0,15})\s*-\s*(\d{0,15})\s*$/i.exec(header ?? '');
  if (!match) return whole;
  const [, first = '', last = ''] = match;
  if (first === '') return last === '' ? whole : suffix(Number(last), sizeBytes);
  const start = Number(first);
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (last !== '' && Number(last) < start) return whole;
  return start >= sizeBytes ? { kind: 'unsatisfiable' } : { kind: 'part', start, end };
}

/** `bytes=-500`: the last 500. */
function suffix(length: number, sizeBytes: number): RangeAnswer {
  if (length === 0 || sizeBytes === 0) return { kind: 'unsatisfiable' };
  return { kind: 'part', start: Math.max(0, sizeBytes - length), end: sizeBytes - 1 };
}

/** If-None-Match compares weakly: a `W/` in front does not matter. */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag);
}

/** By whole seconds, which is all that the headers can say. What is no date asks nothing, so that the file is sent. */
export function isModifiedSince(header: string | undefined, modifiedAt: Date): boolean {
  const since = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(since) || Math.floor(modifiedAt.getTime() / 1000) > Math.floor(since / 1000);
}
