/** An upstream in memory behind the provider port, for tests: it accepts tasks, lists them, and fails where a test says so. */
import { type SlotKind, slotKindOf } from '@reelay/contracts/domain';
import type { GenerationRequest, Workflow } from '@reelay/contracts/generation-request';
import type {
  AccountInspection,
  CallContext,
  Json,
  ListQuery,
  LitterNote,
  MediaSource,
  Operation,
  PollOutcome,
  PollResult,
  Provider,
  ProviderDeclaration,
  StepContext,
  StepPlan,
  SubmitContext,
  Submitted,
  UpstreamListing,
} from '@reelay/contracts/provider';
import { soraDeclaration } from '@reelay/contracts/provider-declarations';
import { UpstreamError, type UpstreamErrorOptions } from '@reelay/contracts/upstream-error';

export function failure(options: Partial<UpstreamErrorOptions>): UpstreamError {
  return new UpstreamError({
    code: 'upstream_unavailable',
    message: 'scripted',
    submitClass: 'not_sent',
    fault: 'upstream',
    ...options,
  });
}

export interface ScriptedTask {
  id: string;
  prompt: string;
  state: 'pending' | 'done' | 'refused';
  progress: number;
  /** Name of the step it was submitted in; `create` is what stands on the lists. */
  step?: string;
  slotKind?: SlotKind;
  workflow?: Workflow;
  /** By which it is looked up. */
  username?: string;
}

const create: StepPlan = { name: 'create', reconcile: 'elimination' };
const character: StepPlan[] = [
  { name: 'upload', reconcile: 'repeat' },
  { name: 'finalize', reconcile: 'lookup' },
];
const plans: Partial<Record<Workflow, readonly StepPlan[]>> = {
  character,
  character_video: [...character, create],
  remix: [{ name: 'publish', reconcile: 'none' }, create],
  enhance: [{ name: 'enhance', reconcile: 'repeat' }],
};

type Script = (() => Promise<void> | void)[];

export class ScriptedUpstream implements Provider {
  declaration: ProviderDeclaration = soraDeclaration;
  /** In place of the first step's own. */
  reconcile: StepPlan['reconcile'] | undefined;
  /** What the upstream accepted: the judge of double submission. */
  readonly tasks: ScriptedTask[] = [];
  /** Tasks of strangers, newest first. */
  strangers: string[] = [];
  /** Tasks that are on no list yet. */
  readonly hidden = new Set<string>();
  calls = { prepare: 0, submit: 0, poll: 0, list: 0, media: 0, lookUp: 0 };
  /** What each prepare and submit was handed, and the bytes of the references it read. */
  readonly steps: {
    call: 'prepare' | 'submit';
    step: number;
    carried: Json;
    prepared?: Json;
    references?: string[];
  }[] = [];
  /** Tasks it was told to stop. */
  readonly cancelled: string[] = [];
  /** Litter that was removed. */
  readonly removed: { kind: string; reference: Json }[] = [];
  /** Access tokens that calls came with. */
  readonly seenTokens: string[] = [];
  mediaSources: MediaSource[] = [];
  /** Lists that cannot be read, while the others can. */
  readonly brokenLists = new Map<SlotKind, unknown>();
  /** How many finished tasks its list shows; their order is that of `finish`. */
  window = Number.POSITIVE_INFINITY;
  readonly #finished: string[] = [];
  #isListComplete = true;
  /** Each runs once, in order, in place of what would happen. */
  readonly script: Record<
    'prepare' | 'prove' | 'refuse' | 'lose' | 'poll' | 'list' | 'lookUp' | 'cancel' | 'cleanUp',
    Script
  > = {
    prepare: [],
    /** Before `beforeSend`: sentinel, proof. */
    prove: [],
    /** After `beforeSend`, before the upstream takes the task. */
    refuse: [],
    /** After the upstream took the task, before the answer is read. */
    lose: [],
    poll: [],
    list: [],
    lookUp: [],
    cancel: [],
    cleanUp: [],
  };

  /** From now on its lists are longer than anybody may page. */
  hideRest(): void {
    this.#isListComplete = false;
  }

  /** The task is over, as the newest of those on the list. */
  finish(task: ScriptedTask): void {
    task.state = 'done';
    this.#finished.unshift(task.id);
  }

  plan(request: GenerationRequest, step: number): StepPlan {
    const plan = (plans[request.workflow] ?? [create])[step - 1];
    if (!plan) throw new Error(`${request.workflow} has no step ${step}`);
    return this.reconcile && step === 1 ? { ...plan, reconcile: this.reconcile } : plan;
  }

  async prepare(request: GenerationRequest, context: StepContext): Promise<Json> {
    this.calls.prepare += 1;
    await this.script.prepare.shift()?.();
    const references: string[] = [];
    for (const { assetId } of request.references) {
      references.push(Buffer.from(await context.readReference(assetId)).toString());
    }
    const { step, carried } = context;
    this.steps.push({ call: 'prepare', step, carried, references });
    return { upload: this.calls.prepare, username: `name-${this.calls.prepare}` };
  }

  async submit(request: GenerationRequest, prepared: Json, context: SubmitContext): Promise<Submitted> {
    this.calls.submit += 1;
    const { step, carried } = context;
    this.steps.push({ call: 'submit', step, carried, prepared });
    this.seenTokens.push(context.credential.accessToken);
    await this.script.prove.shift()?.();
    try {
      await context.beforeSend();
    } catch (cause) {
      // As a real adaptor does: it only knows that the request was held back.
      throw failure({ code: 'service_unavailable', cause });
    }
    await this.script.refuse.shift()?.();
    const task = this.#accept(request, this.plan(request, step).name, usernameOf(prepared));
    await this.script.lose.shift()?.();
    return submittedOf(task);
  }

  async lookUp(_request: GenerationRequest, prepared: Json, _context: StepContext): Promise<Submitted | undefined> {
    this.calls.lookUp += 1;
    await this.script.lookUp.shift()?.();
    const username = usernameOf(prepared);
    const task = this.tasks.find((known) => known.step === 'finalize' && known.username === username);
    return task && submittedOf(task);
  }

  async poll(operations: readonly Operation[], context: CallContext): Promise<PollResult> {
    this.calls.poll += 1;
    this.seenTokens.push(context.credential.accessToken);
    await this.script.poll.shift()?.();
    const outcomes = new Map<string, PollOutcome>();
    for (const operation of operations) {
      const task = this.tasks.find(({ id }) => id === operation.id);
      if (this.brokenLists.has(task?.slotKind ?? 'video')) continue;
      outcomes.set(operation.id, this.#outcomeOf(operation, task));
    }
    return { outcomes, failures: outcomes.size < operations.length ? [...this.brokenLists.values()] : [] };
  }

  async list({ slotKind }: ListQuery, _context: CallContext): Promise<UpstreamListing> {
    this.calls.list += 1;
    await this.script.list.shift()?.();
    const listed = this.tasks.filter(
      (task) =>
        (task.step ?? 'create') === 'create' && (task.slotKind ?? 'video') === slotKind && !this.hidden.has(task.id),
    );
    const ids = (isPending: boolean) =>
      listed.filter((task) => (task.state === 'pending') === isPending).map((task) => task.id);
    return {
      pending: ids(true),
      finished: [...ids(false).reverse(), ...this.strangers],
      complete: this.#isListComplete,
    };
  }

  async media(_operation: Operation, _context: CallContext): Promise<MediaSource[]> {
    this.calls.media += 1;
    return this.mediaSources;
  }

  async cancel({ id }: Operation, _context: CallContext): Promise<void> {
    this.cancelled.push(id);
    await this.script.cancel.shift()?.();
    for (const task of this.tasks) if (task.id === id) task.state = 'refused';
  }

  async cleanUp(litter: { kind: string; reference: Json }, context: CallContext): Promise<void> {
    this.seenTokens.push(context.credential.accessToken);
    await this.script.cleanUp.shift()?.();
    this.removed.push(litter);
  }

  identify(): never {
    throw new Error('a worker identifies nobody');
  }

  inspect(): Promise<AccountInspection> {
    throw new Error('a worker inspects nobody');
  }

  acceptInvite(): never {
    throw new Error('a worker accepts no invitation');
  }

  refresh(): never {
    throw new Error('a worker refreshes nothing');
  }

  #accept(request: GenerationRequest, step: string, username: string): ScriptedTask {
    const { prompt, workflow, kind } = request;
    const id = `${step === 'create' ? 'task' : step}-${this.tasks.length + 1}`;
    const state = step === 'enhance' ? 'done' : 'pending';
    const slotKind = slotKindOf(kind) ?? 'video';
    const task: ScriptedTask = { id, prompt, state, progress: 0, step, slotKind, workflow, username };
    this.tasks.push(task);
    return task;
  }

  #outcomeOf(operation: Operation, task: ScriptedTask | undefined): PollOutcome {
    if (task?.state === 'refused') {
      return { state: 'refused', error: { code: 'content_policy_violation', message: 'not allowed' } };
    }
    const isShown = !task || this.#finished.indexOf(task.id) < this.window;
    if (task?.state !== 'done' || !isShown) return { state: 'pending', ...(task && { progress: task.progress }) };
    const { step = 'create', workflow, username = '' } = task;
    if (step === 'enhance') return { state: 'done', operation, media: [], text: `more ${task.prompt}` };
    if (step === 'finalize' && workflow === 'character') {
      const made = { username, displayName: 'Ada', cameoId: task.id };
      return { state: 'done', operation, media: this.mediaSources, character: made };
    }
    if (step !== 'create') return { state: 'next', operation, carried: { from: task.id } };
    return { state: 'done', operation: { ...operation, draftId: `gen_${task.id}` }, media: this.mediaSources };
  }
}

function usernameOf(prepared: Json): string {
  const { username } = (prepared ?? {}) as { username?: unknown };
  return String(username);
}

/** What stays upstream until somebody removes it: a character that is only made for a video, a post that is only made for a remix. */
function submittedOf({ id, step, workflow, username = '' }: ScriptedTask): Submitted {
  const operation = { id };
  const litter: LitterNote[] = [];
  if (step === 'finalize' && workflow === 'character_video')
    litter.push({ kind: 'character', reference: { username } });
  if (step === 'publish') litter.push({ kind: 'post', reference: { postId: id } });
  return { operation, litter };
}
