import { AppError } from '@reelay/contracts/errors';
import type { Fault, SubmitClass, TokenEffect } from '@reelay/contracts/upstream-error';
import { TransportError } from '@reelay/contracts/upstream-error';
import fc from 'fast-check';
import { failure } from '../testing/scripted-upstream.js';
import { decideSubmitOutcome, describeFailure } from './decide-submit-outcome.js';

const coolDown = { effect: 'cool_down', retryAfterMs: 5_000 } as const;
const notSent = { isSent: false, reconcile: 'elimination' } as const;
const rejected = { effect: 'credential_rejected' } as const;

describe('the outcome of a failed submit', () => {
  it.each([
    [
      'not sent by the proxy',
      failure({ submitClass: 'not_sent', fault: 'proxy' }),
      { kind: 'returned', to: 'not_sent' },
    ],
    ['refused for the client', failure({ submitClass: 'refused', fault: 'client' }), { kind: 'refused', by: 'client' }],
    [
      'refused for the token, which rests',
      failure({ submitClass: 'refused', fault: 'token', tokenEffect: coolDown }),
      { kind: 'refused', by: 'token', coolsToken: true, retryAfterMs: 5_000 },
    ],
    [
      'refused for the token, which need not rest',
      failure({ submitClass: 'refused', fault: 'token' }),
      { kind: 'refused', by: 'token', coolsToken: false, retryAfterMs: undefined },
    ],
    [
      'refused by overload',
      failure({ submitClass: 'refused', fault: 'upstream' }),
      { kind: 'returned', to: 'refused' },
    ],
    [
      'refused with the credential',
      failure({ submitClass: 'refused', fault: 'token', tokenEffect: rejected }),
      { kind: 'returned', to: 'refused', isCredentialRejected: true },
    ],
    ['unknown', failure({ submitClass: 'unknown' }), { kind: 'unknown' }],
    [
      'of a transport that nobody classified',
      new TransportError('x', { sent: true, phase: 'response' }),
      { kind: 'unknown' },
    ],
    ['of a programming error', new TypeError('x'), { kind: 'unknown' }],
  ])('%s, after it was sent', (_name, error, outcome) => {
    expect(decideSubmitOutcome(error, { isSent: true, reconcile: 'elimination' })).toMatchObject(outcome);
  });

  it.each([
    ['an unknown call', failure({ submitClass: 'unknown' })],
    ['a programming error', new TypeError('x')],
    ['a missing credential', new AppError('credential_unavailable', 'x')],
  ])('before it was sent, %s is no unknown submit', (_name, error) => {
    expect(decideSubmitOutcome(error, notSent)).toMatchObject({ kind: 'returned', to: 'not_sent' });
  });

  it.each([
    ['unknown', failure({ submitClass: 'unknown' }), { kind: 'returned', to: 'not_sent', avoidsToken: false }],
    ['unknown to the proxy', failure({ submitClass: 'unknown', fault: 'proxy' }), { avoidsToken: true }],
    ['of a programming error', new TypeError('x'), { kind: 'returned', to: 'not_sent' }],
    ['refused for the client', failure({ submitClass: 'refused', fault: 'client' }), { kind: 'refused', by: 'client' }],
  ])('%s, of a step that may be repeated freely, needs no reconciliation', (_name, error, outcome) => {
    expect(decideSubmitOutcome(error, { isSent: true, reconcile: 'repeat' })).toMatchObject(outcome);
  });

  it('is the end where a reference is gone, which only the client has', () => {
    const gone = new AppError('media_unavailable', 'x');
    expect(decideSubmitOutcome(gone, notSent)).toEqual({ kind: 'refused', by: 'client' });
    expect(decideSubmitOutcome(gone, { isSent: true, reconcile: 'lookup' })).toEqual({ kind: 'unknown' });
  });

  it.each([
    ['its proxy does not work', failure({ fault: 'proxy' }), true],
    ['its credential is rejected', failure({ fault: 'token', tokenEffect: rejected }), true],
    ['it has no credential', new AppError('credential_unavailable', 'x'), true],
    ['the upstream is away', failure({ fault: 'upstream' }), false],
    ['something unforeseen happened', new TypeError('x'), false],
  ])('makes others come first when %s: %#', (_name, error, avoidsToken) => {
    expect(decideSubmitOutcome(error, notSent)).toMatchObject({ kind: 'returned', avoidsToken });
  });

  const errors = fc.record({
    submitClass: fc.constantFrom<SubmitClass>('not_sent', 'refused', 'unknown'),
    fault: fc.constantFrom<Fault>('client', 'token', 'proxy', 'upstream'),
    tokenEffect: fc.constantFrom<TokenEffect>({ effect: 'none' }, { effect: 'cool_down' }, coolDown, rejected),
  });

  it('is never anything but unknown when the upstream may have accepted and that matters', () => {
    const reconciles = fc.constantFrom('elimination', 'lookup', 'none');
    fc.assert(
      fc.property(errors, reconciles, (options, reconcile) => {
        const outcome = decideSubmitOutcome(failure({ ...options, submitClass: 'unknown' }), {
          isSent: true,
          reconcile,
        });
        expect(outcome.kind).toBe('unknown');
      }),
    );
  });

  it('blames the client and the token only for refusals that are theirs', () => {
    fc.assert(
      fc.property(errors, fc.boolean(), (options, isSent) => {
        const outcome = decideSubmitOutcome(failure(options), { isSent, reconcile: 'elimination' });
        if (outcome.kind !== 'refused') return;
        expect(options).toMatchObject({ submitClass: 'refused', fault: outcome.by });
      }),
    );
  });
});

it('a failure is described in one short line with its code', () => {
  expect(describeFailure(failure({ message: 'a\n b' }))).toBe('upstream_unavailable: a b');
  expect(describeFailure('text')).toBe('text');
  expect(describeFailure(new Error('x'.repeat(1_000)))).toHaveLength(300);
});
