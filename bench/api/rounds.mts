/** Rounds of the bare server and of the gateway in turn, so that whatever else the machine does hits both alike. */
import type { Route } from './order.mts';
import { processorSeconds } from './processors.mts';
import type { Stage } from './stage.mts';

export const sides = ['bare', 'gateway', 'gateway, limited key'] as const;
export type Side = (typeof sides)[number];

export interface Round {
  side: Side;
  perSecond: number;
  tookMs: Float64Array;
  /** Milliseconds of processor time per answer. */
  processorMs: { server: number; postgres: number; redis: number };
  mishaps: Map<string, number>;
}

export interface Plan {
  route: Route;
  connections: number;
  rounds: number;
  roundMs: number;
}

export async function runRounds(stage: Stage, { route, connections, rounds, roundMs }: Plan): Promise<Round[]> {
  const ids: Record<Side, readonly string[]> = { bare: [], gateway: [], 'gateway, limited key': [] };
  if (route === 'retrieve') {
    await empty(stage);
    for (const side of sides) {
      ids[side] = (await stage.load({ ...orderOf(stage, side, 'create'), connections, forMs: waitingMs })).ids;
    }
  }
  const done: Round[] = [];
  for (let no = 0; no < rounds; no += 1) {
    for (const side of sides) {
      if (route === 'create') await empty(stage);
      await keepLaneFresh(stage);
      const order = { ...orderOf(stage, side, route), connections, ids: ids[side] };
      // Not counted: what is compiled on first use is compiled in it, and connections plan anew what they ask of an emptied table.
      await stage.load({ ...order, forMs: no === 0 ? warmUpMs : settleMs });
      done.push(await measure(stage, side, { ...order, forMs: roundMs }));
    }
  }
  return done;
}

const waitingMs = 2_000;
const warmUpMs = 3_000;
const settleMs = 500;

function orderOf({ addresses, keys }: Stage, side: Side, route: Route) {
  const baseUrl = side === 'bare' ? addresses.bare : addresses.gateway;
  return { route, baseUrl, apiKey: side === 'gateway, limited key' ? keys.limited : keys.plain, ids: [] };
}

async function measure({ load, pids }: Stage, side: Side, order: Parameters<Stage['load']>[0]): Promise<Round> {
  const used = () => ({
    server: processorSeconds(side === 'bare' ? pids.bare : pids.gateway),
    postgres: processorSeconds(pids.postgres),
    redis: processorSeconds(pids.redis),
  });
  const before = used();
  const { tookMs, lastedMs, mishaps } = await load(order);
  const after = used();
  const each = (name: keyof typeof before) => (1000 * (after[name] - before[name])) / tookMs.length;
  return {
    side,
    perSecond: (1000 * tookMs.length) / lastedMs,
    tookMs,
    processorMs: { server: each('server'), postgres: each('postgres'), redis: each('redis') },
    mishaps,
  };
}

/** Every round begins with nothing waiting, and with the same work left for the checkpointer. */
async function empty({ database }: Stage): Promise<void> {
  await database.query('TRUNCATE generation, usage, key_quota, bare_generation CASCADE');
  await database.query('CHECKPOINT');
}

async function keepLaneFresh({ database }: Stage): Promise<void> {
  await database.query(
    `INSERT INTO lane_state (lane, tokens, simulated, serving, free_slots, waiting, reason, updated_at)
     SELECT 'sora:video:any:sora2', 1, 1, 1, 0,
       (SELECT count(*) FROM (SELECT FROM generation WHERE state = 'queued' AND token_id IS NULL LIMIT 1000) AS waiting),
       'the only account is busy', now()
     ON CONFLICT (lane) DO UPDATE SET waiting = excluded.waiting, updated_at = excluded.updated_at`,
  );
}
