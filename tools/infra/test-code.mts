/** Tests, and what only tests of a package use: it is never built, so nothing that is built may import it. `file`: in the folder of a package. */
export function isTestCode(file: string): boolean {
  return /\.test\.tsx?$/.test(file) || /(?:^|[\\/])src[\\/](?:testing|fuzz)[\\/]|__fixtures__/.test(file);
}
