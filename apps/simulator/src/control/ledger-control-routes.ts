import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { endpoints } from '../faults/endpoints.js';
import { strictBody } from '../http/strict-body.js';
import { concurrencySteps } from '../ledger/concurrency.js';
import { choose, ledgerQuerySchema } from '../ledger/ledger-filter.js';
import { ledgerView } from '../ledger/ledger-view.js';
import { slotKinds, slotUses } from '../ledger/slot-use.js';
import type { World } from '../world.js';

const callQuerySchema = ledgerQuerySchema.omit({ kind: true }).extend({ endpoint: z.enum(endpoints).optional() });
const concurrencyQuerySchema = ledgerQuerySchema.extend({ kind: z.enum(slotKinds).optional() });

/** What happened here, for the judges of tests. */
export function registerLedgerControlRoutes(server: FastifyInstance, world: World): void {
  server.get('/_sim/ledger', (request) => ledgerView(world, strictBody(ledgerQuerySchema, request.query)));

  server.get('/_sim/calls', (request) => ({
    calls: world.calls.find(strictBody(callQuerySchema, request.query)),
  }));

  server.get('/_sim/concurrency', (request) => {
    const { account, kind, since = 0 } = strictBody(concurrencyQuerySchema, request.query);
    const tasks = choose(world.tasks.ledger, { account }, (task) => task.kind);
    const characters = choose(world.characters.all(), { account }, () => 'character');
    const uses = slotUses(tasks, characters).filter((use) => kind === undefined || use.kind === kind);
    return { steps: concurrencySteps(uses).filter(({ at }) => at >= since) };
  });
}
