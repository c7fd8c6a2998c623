import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Challenge } from '@reelay/pow/challenge';

/**
 * What a plain client does for each try: the number and its half put between three pieces made beforehand, base64, SHA3-512 over the
 * seed and that, the first bytes compared.
 */
const script = `
import base64, hashlib, json, sys, time
challenge = json.loads(sys.argv[1])
tries = int(sys.argv[2])
seed = challenge["seed"].encode()
target = bytes.fromhex(challenge["difficulty"])
size = len(target)
def compact(elements):
    return json.dumps(elements, separators=(",", ":"), ensure_ascii=False)[1:-1]
config = challenge["config"]
before = ("[" + compact(config[:3]) + ",").encode()
between = ("," + compact(config[4:9]) + ",").encode()
after = ("," + compact(config[10:]) + "]").encode()
def search():
    for number in range(tries):
        text = before + str(number).encode() + between + str(number >> 1).encode() + after
        solution = base64.b64encode(text)
        if hashlib.sha3_512(seed + solution).digest()[:size] <= target:
            return solution.decode()
began = time.perf_counter()
found = search()
print(json.dumps({"seconds": time.perf_counter() - began, "solution": found}))
`;

export interface PythonSearch {
  seconds: number;
  solution: string | null;
}

/** Undefined where there is no python3. Starting the interpreter is not counted. */
export async function searchWithHashlib(challenge: Challenge, tries: number): Promise<PythonSearch | undefined> {
  try {
    const { stdout } = await promisify(execFile)('python3', ['-c', script, JSON.stringify(challenge), String(tries)]);
    return JSON.parse(stdout) as PythonSearch;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
