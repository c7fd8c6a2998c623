import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { faultRuleSchema } from '../faults/fault.js';
import type { ActiveFault } from '../faults/fault-board.js';
import { strictBody } from '../http/strict-body.js';
import { UpstreamError } from '../http/upstream-error.js';
import type { World } from '../world.js';

const ruleListSchema = z.array(faultRuleSchema);

export function registerFaultControlRoutes(server: FastifyInstance, { accounts, faults }: World): void {
  server.get('/_sim/faults', () => faults.all().map(faultView));

  /** One rule or several; either all of them are switched on or none. */
  server.post('/_sim/faults', (request, reply) => {
    const { body } = request;
    const rules = Array.isArray(body) ? strictBody(ruleListSchema, body) : [strictBody(faultRuleSchema, body)];
    for (const { account } of rules) {
      if (account !== undefined && !accounts.find(account)) {
        const advice = 'make it first (POST /_sim/accounts), or leave "account" out to strike all';
        throw new UpstreamError(400, 'no_such_account', `There is no account "${account}": ${advice}.`, 'account');
      }
    }
    const added = rules.map((rule) => faultView(faults.add(rule)));
    reply.code(201);
    return Array.isArray(body) ? added : added[0];
  });

  server.delete('/_sim/faults', () => ({ removed: faults.remove() }));

  server.delete<{ Params: { id: string } }>('/_sim/faults/:id', (request) => ({
    removed: faults.remove(request.params.id),
  }));
}

function faultView({ id, rule, left, struck }: ActiveFault): object {
  return { id, ...rule, left, struck };
}
