import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@reelay/platform/logger';

/** What Nest itself says, in the process's log; its start-up chatter only when somebody debugs. */
export function createNestLogger(log: Logger): LoggerService {
  const write = (level: 'debug' | 'warn' | 'error') => (message: unknown) => {
    if (message instanceof Error) log[level]({ error: message }, message.message);
    else log[level](String(message));
  };
  return {
    log: write('debug'),
    debug: write('debug'),
    verbose: write('debug'),
    warn: write('warn'),
    error: write('error'),
  };
}
