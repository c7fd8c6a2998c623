/** Ends whatever was accepted, so that requests which wait for an end and streams get one. */
import { isAppError } from '@reelay/contracts/errors';
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { fail, type Outcome, succeedWith, type Workplace } from '../testing/play-worker.js';
import { sampleMp4, samplePng } from '../testing/sample-media.js';

const pauseMs = 20;
const refusal = { code: 'content_policy_violation', message: 'The upstream refused the prompt.' } as const;

export class Mill {
  readonly #workplace: Workplace;
  #isStopped = false;
  #ended = 0;
  readonly #done: Promise<void>;

  constructor(workplace: Workplace) {
    this.#workplace = workplace;
    this.#done = this.#run();
  }

  /** Rejects with what went wrong meanwhile. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const open = await this.#workplace.database.generation.findMany({
        where: { state: { in: ['queued', 'running'] } },
        select: { id: true, request: true },
        take: 50,
      });
      for (const { id, request } of open) await this.#end(id, request as GenerationRequest);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** Every fifth fails. */
  async #end(id: string, { kind }: GenerationRequest): Promise<void> {
    this.#ended += 1;
    try {
      if (this.#ended % 5 === 0) await fail(this.#workplace, id, refusal);
      else await succeedWith(this.#workplace, id, outcomes[kind]);
    } catch (error) {
      // Its client cancelled or deleted it meanwhile.
      const row = await this.#workplace.database.generation.findUnique({ where: { id } });
      if (row && ['queued', 'running'].includes(row.state) && !isAppError(error)) throw error;
    }
  }
}

const outcomes: Readonly<Record<GenerationRequest['kind'], Outcome>> = {
  video: { media: [{ contentType: 'video/mp4', width: 640, height: 360, durationMs: 10_000, bytes: sampleMp4(500) }] },
  image: { media: [{ contentType: 'image/png', width: 32, height: 18, bytes: samplePng(32, 18) }] },
  character: {
    media: [],
    character: { username: 'fox.742', displayName: 'Füchs', characterId: 'ch_1', cameoId: 'cameo_1' },
  },
  enhance: { media: [], text: 'A paper boat, at dawn, in soft light' },
};
