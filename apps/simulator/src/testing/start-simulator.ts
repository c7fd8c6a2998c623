import { randomUUID } from 'node:crypto';
import { createSimulator, type SimulatorOptions } from '../simulator.js';
import { browser, headConfig, solveProof } from './solve-proof.js';

const SENTINEL = '/backend-api/sentinel/req';

export const START = Date.UTC(2026, 5, 1, 12);

export const plainBody = {
  kind: 'video',
  prompt: 'A red panda reads a newspaper',
  orientation: 'landscape',
  size: 'small',
  n_frames: 300,
  model: 'sy_8',
  inpaint_items: [],
  style_id: null,
};

/** An answer, and what its JSON must look like for the test that asked. */
export interface Answer<Json> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Json;
}

export interface Drafts {
  items: { id: string; task_id: string; kind: string; url: string | null; reason_str: string | null }[];
  cursor: string | null;
}

interface IssuedToken {
  token: string;
  turnstile: { dx: string };
  proofofwork: { seed?: string; difficulty?: string };
}

/** A simulator on a port of its own, whose time stands still until a test moves it. */
export async function startSimulator(options: Partial<SimulatorOptions> = {}) {
  const clock = { now: START };
  const logged: { fields: object; message: string }[] = [];
  const log = {
    info: (fields: object, message: string) => void logged.push({ fields, message }),
    error: (fields: object, message: string) => void logged.push({ fields, message }),
  };
  const simulator = createSimulator({ log, renderMs: 6_000, seed: 'test', now: () => clock.now, ...options });
  const url = await simulator.server.listen({ host: '127.0.0.1', port: 0 });

  async function call<Json = unknown>(path: string, init: RequestInit = {}): Promise<Answer<Json>> {
    const response = await fetch(path.startsWith('http') ? path : url + path, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) as Json };
  }

  function send<Json = unknown>(path: string, body: unknown, headers = {}, method = 'POST'): Promise<Answer<Json>> {
    const json = { 'content-type': 'application/json', ...headers };
    return call(path, { method, headers: json, body: JSON.stringify(body) });
  }

  async function accessToken(email = 'plus@simulator.test'): Promise<string> {
    const { json } = await call<{ email: string; accessToken: string }[]>('/_sim/accounts');
    return json.find((account) => account.email === email)?.accessToken ?? '';
  }

  /** The header of a create call, made as a real client makes it. */
  async function sentinelHeader(token: string): Promise<string> {
    const id = randomUUID();
    const flow = 'sora_2_create_task';
    const p0 = `gAAAAAC${solveProof('0.5', '0fffff')}`;
    const headers = { authorization: `Bearer ${token}`, 'user-agent': browser };
    const { json } = await send<IssuedToken>(SENTINEL, { p: p0, flow, id }, headers);
    return assemble(json, p0, id, flow);
  }

  /** The same as a newer client makes it: without an account, as text, and all of it in the user agent again. */
  async function newerSentinelHeader(): Promise<string> {
    const id = randomUUID();
    const p0 = `gAAAAAC${solveProof('0.5', '0fffff', headConfig)}`;
    const body = JSON.stringify({ p: p0, id, flow: 'sora_init' });
    const headers = { 'content-type': 'text/plain;charset=UTF-8', 'user-agent': `${browser} ${body}` };
    const { json } = await call<IssuedToken>(SENTINEL, { method: 'POST', headers, body });
    return assemble(json, p0, id, 'sora_2_create_task__auto', headConfig);
  }

  async function create(body: object = plainBody, email?: string): Promise<Answer<{ id: string }>> {
    const token = await accessToken(email);
    const sentinel = await sentinelHeader(token);
    const headers = { authorization: `Bearer ${token}`, 'openai-sentinel-token': sentinel };
    return send('/backend/nf/create', body, headers);
  }

  async function get<Json = unknown>(path: string, email?: string): Promise<Answer<Json>> {
    return call(path, { headers: { authorization: `Bearer ${await accessToken(email)}` } });
  }

  function drafts(query = '', email?: string): Promise<Answer<Drafts>> {
    return get(`/backend/project_y/profile/drafts${query}`, email);
  }

  const close = () => simulator.close();
  return {
    url,
    clock,
    logged,
    call,
    send,
    get,
    drafts,
    create,
    accessToken,
    sentinelHeader,
    newerSentinelHeader,
    close,
  };
}

export type RunningSimulator = Awaited<ReturnType<typeof startSimulator>>;

function assemble(issued: IssuedToken, p0: string, id: string, flow: string, config?: readonly unknown[]): string {
  const { seed, difficulty } = issued.proofofwork;
  const p = seed === undefined || difficulty === undefined ? p0 : `gAAAAAB${solveProof(seed, difficulty, config)}`;
  return JSON.stringify({ p: `${p}~S`, t: issued.turnstile.dx, c: issued.token, id, flow });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
