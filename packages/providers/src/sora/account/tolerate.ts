import { isUpstreamError } from '@reelay/contracts/upstream-error';

/** For questions that may fail. That the credential is dead must be told whoever says it. */
export async function tolerate<Value, Otherwise>(
  question: Promise<Value>,
  otherwise: Otherwise,
): Promise<Value | Otherwise> {
  try {
    return await question;
  } catch (error) {
    if (isUpstreamError(error) && error.tokenEffect.effect !== 'credential_rejected') return otherwise;
    throw error;
  }
}
