/** What a box is made of: bytes, or a number with its width. */
export type Part = Uint8Array | readonly Uint8Array[];

/** An ISO base media box: size, four-letter type, content (ISO/IEC 14496-12, clause 4.2). */
export function box(type: string, ...content: Part[]): Uint8Array {
  const body = Buffer.concat(content.flat());
  return Buffer.concat([uint32(body.length + 8), Buffer.from(type, 'latin1'), body]);
}

/** A box with version 0 and flags. */
export function fullBox(type: string, flags: number, ...content: Part[]): Uint8Array {
  return box(type, uint32(flags), ...content);
}

export function uint32(...values: number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, index * 4);
  return bytes;
}

export function uint16(...values: number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}

export function zeros(count: number): Uint8Array {
  return Buffer.alloc(count);
}

export function text(value: string): Uint8Array {
  return Buffer.from(value, 'latin1');
}
