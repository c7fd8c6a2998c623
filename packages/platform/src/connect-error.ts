/** No connection came about, so nothing of a request can have left. Its message never holds a password. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';

  constructor(
    /** Who is to blame; the proxy too where it cannot be told, for then nothing counts against the account. */
    readonly hop: 'proxy' | 'upstream',
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** Also of an error without a message, as that of a name with several addresses none of which answers. */
export function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || code || 'no connection';
}
