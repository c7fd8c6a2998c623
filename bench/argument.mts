/** The number behind a flag of the command line; ends the program where it is none. */
export function argument(name: string, fallback: number): number {
  const at = process.argv.indexOf(name);
  const value = at < 0 ? fallback : Number(process.argv[at + 1]);
  if (Number.isFinite(value) && value > 0) return value;
  console.error(`${name} takes a number above 0, e.g. ${name} ${fallback}`);
  process.exit(1);
}
