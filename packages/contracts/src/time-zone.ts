/** Time zones by their names in the IANA database. Pure. */

/** `UTC`, `Europe/Berlin`. Not an offset: whether `+01:00` is east or west, the database and the rest of the world see differently. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
