/** Bull Board over our queues: it shows jobs, which hold ids and nothing else, and changes them only where a setting allows it. */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { queueNames } from '@reelay/contracts/jobs';
import type { Queues } from '@reelay/platform/queues';
import type { FastifyInstance } from 'fastify';
import { boardPath, signOutPath } from './board-paths.js';

export class QueueBoard {
  readonly #queues: Queues;
  readonly #server = new FastifyAdapter();
  readonly #board: ReturnType<typeof createBullBoard>;

  constructor(queues: Queues) {
    this.#queues = queues;
    this.#server.setBasePath(boardPath);
    this.#board = createBullBoard({
      queues: [],
      serverAdapter: this.#server,
      options: {
        uiConfig: {
          boardTitle: 'Reelay',
          hideDocsLink: true,
          miscLinks: [{ text: 'Sign out · 退出登录', url: signOutPath }],
        },
      },
    });
  }

  /** Its pages, files and API; the scope brings the prefix and the guard. */
  addRoutesTo(scope: FastifyInstance): void {
    scope.register(this.#server.registerPlugin());
  }

  /**
   * To be called before everything that asks for jobs: queues can be opened only while Redis is there, and what may be done with them
   * changes at run time. The latter is only for what is shown; whoever may not change anything is refused before.
   * @throws AppError `service_unavailable`
   */
  async prepare({ allowsActions }: { allowsActions: boolean }): Promise<void> {
    const open = await Promise.all(queueNames.map((name) => this.#queues.open(name)));
    this.#board.replaceQueues(open.map((queue) => new BullMQAdapter(queue, { readOnlyMode: !allowsActions })));
  }
}
