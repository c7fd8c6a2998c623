/** What happens to the processes: they are killed, frozen, and die or freeze between two lines. */
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { scaled } from '../stand/scaled.js';
import { type AppName, appNames, type Stand } from '../stand/stand.js';
import { type Fault, holdUntilStruck, NotReached, pause, strikePatienceMs } from './fault.js';
import { withRules } from './services.js';

/** Every `crashPoint` of the apps, in the order in which a generation passes them. */
export const crashPoints = [
  'accept.before-commit',
  'accept.before-bell',
  'accept.before-answer',
  'assign.before-bell',
  'run.before-sent',
  'run.after-sent',
  'run.after-answer',
  'run.after-acked',
  'poll.before-commit',
  'poll.after-commit',
  'finish.after-download',
  'storage.before-rename',
  'finish.after-stored',
  'finish.after-commit',
] as const;
/** Passed only while a credential is replaced: see `whenRefreshed`. */
export const refreshPoints = ['refresh.before-call', 'refresh.before-store'] as const;

/** C15: whoever sent it wakes when its submit was given up long ago, and must not send it then. */
export const woken = 'SIGSTOP at run.after-sent until it was given up';
const givenUpMs =
  scaled['submit.timeoutMs'] +
  2 * scaled['submit.freshnessMs'] +
  scaled['reconcile.settleMs'] +
  scaled['poll.maximumMs'] +
  1_000;

export const processFaults: readonly Fault[] = [
  ...appNames.map((app) => ({
    name: `SIGKILL ${app}`,
    inject: (stand: Stand, holdMs: number) => kill(stand, [app], holdMs),
  })),
  {
    name: 'SIGKILL both workers',
    inject: (stand, holdMs) => kill(stand, ['worker-1', 'worker-2'], holdMs),
  },
  ...appNames.map((app) => ({
    name: `SIGSTOP ${app}`,
    inject: (stand: Stand, holdMs: number) => freeze(stand, app, holdMs),
  })),
  ...crashPoints.map((point) => ({ name: `crash at ${point}`, inject: (stand: Stand) => crashAt(stand, point) })),
  ...refreshPoints.map((point) => ({
    name: `crash at ${point}`,
    inject: (stand: Stand) => whenRefreshed(stand, () => crashAt(stand, point)),
  })),
  ...(
    ['run.after-sent', 'run.before-sent', 'run.after-answer', 'finish.after-stored', 'assign.before-bell'] as const
  ).map((point) => ({
    name: `SIGSTOP at ${point}`,
    inject: (stand: Stand, holdMs: number) => freezeAt(stand, point, holdMs),
  })),
  { name: woken, inject: (stand) => freezeAt(stand, 'run.after-sent', givenUpMs) },
  { name: 'both workers killed between accept and answer', inject: killBeforeAnswer },
];

/** Its successor is not waited for: the next fault may well find it starting. */
async function kill(stand: Stand, names: readonly AppName[], holdMs: number): Promise<number> {
  // One that has just died is not there to be killed.
  await holdUntilStruck(0, () => names.every((name) => stand.app(name).pid !== undefined));
  const at = Date.now();
  for (const name of names) stand.app(name).kill();
  await pause(holdMs);
  return at;
}

async function freeze(stand: Stand, name: AppName, holdMs: number): Promise<undefined> {
  const app = stand.app(name);
  await holdUntilStruck(0, () => app.pid !== undefined);
  app.signal('SIGSTOP');
  await pause(holdMs);
  app.signal('SIGCONT');
}

const laid = new Map<string, Promise<unknown>>();

/**
 * Lays a trap and waits until somebody has stepped into it: his process id. At one place one after the other: who lays the second would
 * take the first away, and whoever was stopped by one would be taken for killed by the other, and never be woken. @throws NotReached
 */
export function trap(stand: Stand, point: string, how: 'kill' | 'stop'): Promise<number> {
  const place = path.join(stand.trapDir, point);
  const lay = () => layTrap(stand, point, how);
  const sprung = (laid.get(place) ?? Promise.resolve()).then(lay, lay);
  laid.set(place, sprung);
  return sprung;
}

async function layTrap({ trapDir }: Stand, point: string, how: 'kill' | 'stop'): Promise<number> {
  // Renamed into place: nobody may find it empty.
  const file = path.join(trapDir, point);
  writeFileSync(`${file}~`, how);
  renameSync(`${file}~`, file);
  const sprung = new RegExp(`^${point.replaceAll('.', '\\.')}\\.(\\d+)$`);
  for (const giveUpAt = Date.now() + strikePatienceMs; Date.now() < giveUpAt; await pause(20)) {
    for (const name of readdirSync(trapDir)) {
      const pid = sprung.exec(name)?.[1];
      if (pid === undefined) continue;
      rmSync(path.join(trapDir, name));
      return Number(pid);
    }
  }
  rmSync(file, { force: true });
  throw new NotReached(`nobody came to ${point} in ${strikePatienceMs} ms`);
}

async function crashAt(stand: Stand, point: string): Promise<number> {
  await trap(stand, point, 'kill');
  return Date.now();
}

async function freezeAt(stand: Stand, point: string, holdMs: number): Promise<undefined> {
  const pid = await trap(stand, point, 'stop');
  await pause(holdMs);
  wake(pid);
}

export function wake(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // Another fault has killed it meanwhile.
  }
}

/** An access token of every account is refused and the session is over, so that the refresh token is all there is. */
function whenRefreshed(stand: Stand, work: () => Promise<number>): Promise<number> {
  const rules = [
    { kind: 'session_null', endpoint: 'session' },
    { kind: 'token_expired', endpoint: 'create', count: 8 },
  ];
  return withRules(stand, rules, work);
}

/** C6: the upstream has taken it, and nobody is left who would read the answer. */
function killBeforeAnswer(stand: Stand, holdMs: number): Promise<number> {
  const accepted = async () => (await stand.simulator<{ accepted: number }>('ledger?kind=post')).accepted;
  return withRules(stand, [{ kind: 'reply_hangs', endpoint: 'create', count: 3 }], async (hasStruck) => {
    const before = await accepted();
    await holdUntilStruck(0, async () => (await hasStruck(0)) && (await accepted()) > before);
    return kill(stand, ['worker-1', 'worker-2'], holdMs);
  });
}
