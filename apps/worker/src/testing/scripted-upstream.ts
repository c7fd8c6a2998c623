/** An upstream in memory behind the provider port, for tests: it accepts tasks, lists them, and fails where a test says so. */
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type {
  AccountInspection,
  CallContext,
  Json,
  MediaSource,
  Operation,
  PollOutcome,
  Provider,
  ProviderDeclaration,
  SubmitContext,
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

type Task = { id: string; prompt: string; state: 'pending' | 'done' | 'refused'; progress: number };

export class ScriptedUpstream implements Provider {
  declaration: ProviderDeclaration = soraDeclaration;
  /** What the upstream accepted: the judge of double submission. */
  readonly tasks: Task[] = [];
  /** Tasks of strangers, newest first. */
  strangers: string[] = [];
  calls = { prepare: 0, submit: 0, poll: 0, list: 0, media: 0 };
  mediaSources: MediaSource[] = [];
  #isListComplete = true;
  /** Each runs once, in order, in place of what would happen. */
  readonly script: {
    prepare: (() => Promise<void> | void)[];
    /** Before `beforeSend`: sentinel, proof. */
    prove: (() => Promise<void> | void)[];
    /** After `beforeSend`, before the upstream takes the task. */
    refuse: (() => Promise<void> | void)[];
    /** After the upstream took the task, before the answer is read. */
    lose: (() => Promise<void> | void)[];
    poll: (() => Promise<void> | void)[];
    list: (() => Promise<void> | void)[];
  } = { prepare: [], prove: [], refuse: [], lose: [], poll: [], list: [] };

  /** From now on its lists are longer than anybody may page. */
  hideRest(): void {
    this.#isListComplete = false;
  }

  async prepare(_request: GenerationRequest, _context: CallContext): Promise<Json> {
    this.calls.prepare += 1;
    await this.script.prepare.shift()?.();
    return { upload: this.calls.prepare };
  }

  async submit(request: GenerationRequest, _prepared: Json, context: SubmitContext): Promise<Operation> {
    this.calls.submit += 1;
    await this.script.prove.shift()?.();
    try {
      await context.beforeSend();
    } catch (cause) {
      // As a real adaptor does: it only knows that the request was held back.
      throw failure({ code: 'service_unavailable', cause });
    }
    await this.script.refuse.shift()?.();
    const task: Task = { id: `task-${this.tasks.length + 1}`, prompt: request.prompt, state: 'pending', progress: 0 };
    this.tasks.push(task);
    await this.script.lose.shift()?.();
    return { id: task.id };
  }

  async poll(operations: readonly Operation[], _context: CallContext): Promise<ReadonlyMap<string, PollOutcome>> {
    this.calls.poll += 1;
    await this.script.poll.shift()?.();
    return new Map(operations.map((operation) => [operation.id, this.#outcomeOf(operation)]));
  }

  async list(_until: ReadonlySet<string> | undefined, _context: CallContext): Promise<UpstreamListing> {
    this.calls.list += 1;
    await this.script.list.shift()?.();
    const ids = (isPending: boolean) =>
      this.tasks.filter((task) => (task.state === 'pending') === isPending).map((task) => task.id);
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

  async cleanUp(_litter: { kind: string; reference: Json }): Promise<void> {}

  identify(): never {
    throw new Error('a worker identifies nobody');
  }

  inspect(): Promise<AccountInspection> {
    throw new Error('a worker inspects nobody');
  }

  refresh(): never {
    throw new Error('a worker refreshes nothing');
  }

  #outcomeOf(operation: Operation): PollOutcome {
    const task = this.tasks.find(({ id }) => id === operation.id);
    if (task?.state === 'done')
      return { state: 'done', operation: { ...operation, data: 'gen_1' }, media: this.mediaSources };
    if (task?.state === 'refused') {
      return { state: 'refused', error: { code: 'content_policy_violation', message: 'not allowed' } };
    }
    return { state: 'pending', ...(task && { progress: task.progress }) };
  }
}
