import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client as Database } from 'pg';
import type { Client } from './client.mts';

/** What was seen while one sort of load went on evenly. */
export interface Window {
  /** Unix ms. */
  from: number;
  to: number;
  /** Durations of `GET /v1/models`, one after another. */
  modelsMs: number[];
  /** Slots in use, now and then. */
  slots: number[];
  /** Of the machine's processors, by whomever, 0 to 1. */
  busy: number;
}

export interface Watched {
  client: Client;
  database: Database;
}

export async function watch(
  { client, database }: Watched,
  { forMs, everyMs }: { forMs: number; everyMs: number },
): Promise<Window> {
  const window: Window = { from: Date.now(), to: 0, modelsMs: [], slots: [], busy: 0 };
  const before = processorTimes();
  while (Date.now() < window.from + forMs) {
    const { status, tookMs } = await client.get('/v1/models');
    if (status !== 200) throw new Error(`GET /v1/models: ${status}`);
    window.modelsMs.push(tookMs);
    if (window.modelsMs.length % 10 === 0) window.slots.push(await usedSlots(database));
    await delay(everyMs);
  }
  const after = processorTimes();
  window.busy = 1 - (after.idle - before.idle) / (after.all - before.all);
  window.to = Date.now();
  return window;
}

async function usedSlots(database: Database): Promise<number> {
  const { rows } = await database.query<{ used: number }>('SELECT count(*)::integer AS used FROM token_slot');
  return rows[0]?.used ?? 0;
}

function processorTimes(): { idle: number; all: number } {
  const times = os.cpus().map((cpu) => cpu.times);
  const sum = (pick: (time: (typeof times)[number]) => number) => times.reduce((total, time) => total + pick(time), 0);
  return {
    idle: sum(({ idle }) => idle),
    all: sum(({ user, nice, sys, idle, irq }) => user + nice + sys + idle + irq),
  };
}
