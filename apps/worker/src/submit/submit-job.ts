/** What the steps of a submit hand to each other. */
import type { Settings } from '@reelay/contracts/settings';
import type { RunSubject } from '@reelay/db/generations/find-run-subject';
import type { JobContext } from '@reelay/platform/consume';
import type { WorkerParts } from '../worker-parts.js';
import type { JournalledAttempt } from './submit-journal.js';

export interface SubmitJob {
  parts: WorkerParts;
  subject: RunSubject;
  attempt: JournalledAttempt & { routeKey: string };
  settings: Settings;
  /** Of the job, or of the process that is leaving. */
  signal: AbortSignal;
  log: JobContext['log'];
}
