/** A form with files, as browsers and apps send it. Source: RFC 7578. */
export interface FormFile {
  readonly name: string;
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

export interface Form {
  readonly file: FormFile;
  /** Text fields, after the file. */
  readonly fields: Readonly<Record<string, string>>;
}

/** `seed` makes the boundary; a random one never occurs in the bytes. */
export function encodeForm({ file, fields }: Form, seed: string): { contentType: string; body: Uint8Array } {
  const boundary = `----------------------------${seed.replace(/[^0-9A-Za-z]/g, '')}`;
  const parts: Uint8Array[] = [
    text(
      `--${boundary}\r\nContent-Disposition: form-data; name="${file.name}"; filename="${file.filename}"\r\n` +
        `Content-Type: ${file.contentType}\r\n\r\n`,
    ),
    file.bytes,
  ];
  for (const [name, value] of Object.entries(fields)) {
    parts.push(text(`\r\n--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}`));
  }
  parts.push(text(`\r\n--${boundary}--\r\n`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat(parts) };
}

function text(value: string): Uint8Array {
  return Buffer.from(value, 'utf8');
}
