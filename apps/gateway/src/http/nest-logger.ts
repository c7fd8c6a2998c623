import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@reelay/platform/logger';

/** What Nest itself has to say, in the process's log; its start-up chatter only when somebody debugs. */
export function createNestLogger(log: Logger): LoggerService {
  const write =
    (level: 'debug' | 'warn' | 'error') =>
    (message: unknown, ...rest: unknown[]) => {
      const nestContext = rest.findLast((value) => typeof value === 'string');
      const text = message instanceof Error ? message.message : String(message);
      log[level]({ nestContext, ...(message instanceof Error ? { error: message } : {}) }, text);
    };
  return {
    log: write('debug'),
    debug: write('debug'),
    verbose: write('debug'),
    warn: write('warn'),
    error: write('error'),
  };
}
