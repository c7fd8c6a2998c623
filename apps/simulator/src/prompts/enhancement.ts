import type { Caller, JsonObject } from '../tasks/task.js';

/** A prompt that was made longer. */
export interface Enhancement extends Caller {
  readonly id: string;
  readonly account: string;
  readonly createdAt: number;
  readonly prompt: string;
  readonly level: 'short' | 'medium' | 'long';
  readonly durationSeconds: number;
  readonly enhancedPrompt: string;
  readonly body: JsonObject;
}
