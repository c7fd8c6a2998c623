// Loaded before an app: breaks one promise of it on purpose, by the name in MUTATION, so that it can be seen that the fault tests notice.
// The files on the disk stay as they are. Whoever asks for a mutation whose place is gone is told so.
import { registerHooks } from 'node:module';

interface Change {
  /** End of the path of a built file. */
  file: string;
  from: string;
  to: string;
}

const mutations: Record<string, Change[]> = {
  'sent-after-the-request': [
    {
      file: 'apps/worker/dist/submit/submit-journal.js',
      from: `(0, crash_point_1.crashPoint)('run.before-sent');`,
      to: `(0, crash_point_1.crashPoint)('run.before-sent');
        this.commitLate = () => (0, begin_send_1.beginSend)(this.#parts.database, {
          generationId: attempt.generationId, attemptId: attempt.id, fence: attempt.fence, ...(knownBefore && { knownBefore }),
        });
        this.isSent = true;
        return { commitStartedAt: performance.now(), freshMs: settings['submit.freshnessMs'] };`,
    },
    {
      file: 'apps/worker/dist/submit/submit-attempt.js',
      from: 'if (!journal.isSent)',
      to: 'await journal.commitLate();\n    if (!journal.isSent)',
    },
  ],
  'slot-freed-on-worker-death': [
    {
      // Whoever comes in the place of a dead worker frees what that one held.
      file: 'apps/worker/dist/create-worker.js',
      from: 'const timers = ',
      to: `await database.$executeRawUnsafe("DELETE FROM token_slot WHERE attempt_id IN (SELECT id FROM submit_attempt WHERE state IN ('sent', 'acked', 'unknown'))");
    const timers = `,
    },
  ],
  'no-turn-per-token': [
    {
      // The unique index that backs it is dropped by the test.
      file: 'packages/db/dist/attempts/find-turn.js',
      from: `AND takes_turn AND state IN ('sent', 'unknown')) AS held_by`,
      to: `AND takes_turn AND state IN ('sent', 'unknown') AND false) AS held_by`,
    },
  ],
};

const name = process.env.MUTATION ?? '';
const changes = mutations[name];
if (!changes) throw new Error(`there is no mutation "${name}": choose from ${Object.keys(mutations).join(', ')}`);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const own = changes.filter(({ file }) => url.endsWith(file));
    if (own.length === 0 || !loaded.source) return loaded;
    let source = loaded.source.toString();
    for (const { file, from, to } of own) {
      if (!source.includes(from))
        throw new Error(`the mutation "${name}" no longer fits: ${file} does not say ${from}`);
      source = source.replace(from, () => to);
    }
    return { ...loaded, source };
  },
});
