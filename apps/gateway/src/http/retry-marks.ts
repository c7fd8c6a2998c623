/** What a client says about repeating a request. */
import { AppError } from '@reelay/contracts/errors';
import type { FastifyRequest } from 'fastify';

export interface RetryMarks {
  /** `x-stainless-retry-count` of the official SDKs; 0 for everybody else. */
  retryCount: number;
  idempotencyKey?: string;
}

/** @throws AppError `invalid_value` */
export function retryMarksOf({ headers }: Pick<FastifyRequest, 'headers'>): RetryMarks {
  const count = Number(headers['x-stainless-retry-count'] ?? 0);
  const key = headers['idempotency-key'];
  const retryCount = Number.isInteger(count) && count > 0 ? count : 0;
  if (key === undefined || key === '') return { retryCount };
  if (typeof key !== 'string' || key.length > 255) {
    throw new AppError('invalid_value', 'Idempotency-Key must be one text of at most 255 characters.', {
      param: 'Idempotency-Key',
    });
  }
  return { retryCount, idempotencyKey: key };
}
