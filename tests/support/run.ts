/** A program of a user's, run to its end. */
import { spawn } from 'node:child_process';

/** What it said; rejects with its complaints when it does not end well. */
export function run(
  command: string,
  args: string[],
  { folder, env }: { folder?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const place = { ...(folder && { cwd: folder }), ...(env && { env }) };
    const child = spawn(command, args, { ...place, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let complaints = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints += text;
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(said) : reject(new Error(`${command}: ${code} ${complaints}`))));
  });
}
