import fc from 'fast-check';
import { slotKinds } from './domain.js';
import { defaultSettings } from './settings.js';
import { describeTokenLife } from './token-history.js';
import {
  type Circumstances,
  exhaustionOf,
  isNews,
  newLife,
  nextTokenLife,
  type Service,
  type TokenEvent,
  type TokenLife,
} from './token-life.js';

const start = 1_800_000_000_000;
const minute = 60_000;
const at = (now = start, settings = {}): Circumstances => ({ now, settings: { ...defaultSettings, ...settings } });
const fault = (more: Partial<Extract<TokenEvent, { type: 'fault' }>> = {}): TokenEvent => ({
  ...{ type: 'fault', slotKinds: ['video'], reason: '429', rests: true },
  ...more,
});
const apply = (life: TokenLife, ...events: TokenEvent[]) =>
  events.reduce((current, event) => nextTokenLife(current, event, at()), life);
const operatorSays: TokenEvent = { type: 'disabled', by: 'operator', reason: 'mine' };

const reason = fc.constantFrom('429', 'limit', 'quota');
const someKinds = fc.subarray([...slotKinds], { minLength: 1 });
const time = fc.option(fc.integer({ min: 0, max: 5 * minute }), { nil: undefined });
const by = fc.constantFrom('operator' as const, 'automation' as const);
const anyEvent: fc.Arbitrary<TokenEvent> = fc.oneof(
  fc.record({
    type: fc.constant('fault' as const),
    slotKinds: someKinds,
    reason,
    rests: fc.boolean(),
    retryAfterMs: time,
  }),
  fc.record({ type: fc.constant('held_off' as const), slotKinds: someKinds, reason, retryAfterMs: time }),
  fc.record({
    type: fc.constantFrom('succeeded' as const, 'acknowledged' as const),
    slotKind: fc.constantFrom(...slotKinds),
  }),
  fc.record({ type: fc.constant('credential_rejected' as const), reason }),
  fc.record({ type: fc.constantFrom('credential_renewed' as const, 'rest_ended' as const, 'deleted' as const) }),
  fc.record({
    type: fc.constant('inspected' as const),
    remaining: fc.option(fc.integer({ min: 0, max: 5 })),
    resetsAt: fc.option(fc.integer({ min: -minute, max: 60 * minute }).map((ms) => start + ms)),
  }),
  fc.record({ type: fc.constant('disabled' as const), by, reason }),
  fc.record({ type: fc.constant('enabled' as const), by }),
  fc.record({ type: fc.constant('added' as const), wasDeleted: fc.boolean() }),
);
const anyStep = fc.record({ event: anyEvent, afterMs: fc.integer({ min: 0, max: 2 * minute }) });
const anySettings = fc.record({
  'token.faultThreshold': fc.integer({ min: 1, max: 5 }),
  'token.coolDownFactor': fc.integer({ min: 1, max: 4 }),
  'token.coolDownMs': fc.integer({ min: 0, max: 10 * minute }),
  'token.quotaMargin': fc.integer({ min: 0, max: 3 }),
});

interface Step {
  before: TokenLife;
  event: TokenEvent;
  after: TokenLife;
  circumstances: Circumstances;
}

/** Every step of any history, whatever the settings. */
function forEveryStep(check: (step: Step) => void): void {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40 }), anySettings, (steps, settings) => {
      let life = newLife;
      let now = start;
      for (const { event, afterMs } of steps) {
        now += afterMs;
        const step = { before: life, event, circumstances: at(now, settings) };
        life = nextTokenLife(life, event, step.circumstances);
        check({ ...step, after: life });
      }
    }),
    { numRuns: 300 },
  );
}

/** From → to, and the events that may do it. Said here once more, in other words than the function's. */
const legal: Record<string, (event: TokenEvent) => boolean> = {
  'active → needs_attention': ({ type }) => type === 'credential_rejected',
  'active → disabled by operator': (event) => event.type === 'disabled' && event.by === 'operator',
  'active → disabled by automation': (event) => event.type === 'disabled' && event.by === 'automation',
  'needs_attention → active': (event) =>
    ['credential_renewed', 'added'].includes(event.type) || (event.type === 'enabled' && event.by === 'operator'),
  'needs_attention → disabled by operator': (event) => event.type === 'disabled' && event.by === 'operator',
  'needs_attention → disabled by automation': (event) => event.type === 'disabled' && event.by === 'automation',
  'disabled by automation → disabled by operator': (event) => event.type === 'disabled' && event.by === 'operator',
  'disabled by automation → active': (event) =>
    event.type === 'enabled' || (event.type === 'added' && event.wasDeleted),
  'disabled by operator → active': (event) =>
    (event.type === 'enabled' && event.by === 'operator') || (event.type === 'added' && event.wasDeleted),
};
const nameOf = (service: Service) => (service.state === 'disabled' ? `disabled by ${service.by}` : service.state);

describe('an account', () => {
  it('only ever changes its state by an event that may do so', () => {
    forEveryStep(({ before, event, after }) => {
      const change = `${nameOf(before.service)} → ${nameOf(after.service)}`;
      if (nameOf(before.service) !== nameOf(after.service))
        expect([change, legal[change]?.(event)]).toEqual([change, true]);
    });
  });

  it('that an operator disabled stays disabled whatever happens, until an operator enables it or begins anew with it', () => {
    const others = anyEvent.filter(
      (event) =>
        !(event.type === 'enabled' && event.by === 'operator') &&
        !(event.type === 'added' && event.wasDeleted) &&
        !(event.type === 'disabled' && event.by === 'operator'),
    );
    fc.assert(
      fc.property(fc.array(others), (events) => {
        expect(apply(newLife, operatorSays, ...events).service).toEqual({
          state: 'disabled',
          by: 'operator',
          reason: 'mine',
        });
      }),
    );
  });

  it('is not enabled by being added again, and automation undoes only what automation did', () => {
    const again: TokenEvent = { type: 'added', wasDeleted: false };
    const enabled: TokenEvent = { type: 'enabled', by: 'automation' };
    const automatically: TokenEvent = { type: 'disabled', by: 'automation', reason: 'no plan' };
    expect(apply(newLife, automatically, again).service.state).toBe('disabled');
    expect(apply(newLife, automatically, enabled).service.state).toBe('active');
    expect(apply(newLife, operatorSays, automatically, enabled).service).toMatchObject({
      by: 'operator',
      reason: 'mine',
    });
    expect(apply(newLife, { type: 'credential_rejected', reason: 'x' }, enabled).service.state).toBe('needs_attention');
  });

  it('is never out of service without a reason, and never without an end but disabled or in need of attention', () => {
    forEveryStep(({ after, circumstances }) => {
      const view = describeTokenLife(after, circumstances);
      if (view.state !== 'active') expect(view.stateReason).toBeTruthy();
      for (const slotKind of slotKinds) {
        const { state, until, reason: why } = view[slotKind];
        if (state === 'ready') expect([until, why]).toEqual([null, null]);
        else {
          expect(why).toBeTruthy();
          expect(Date.parse(until ?? '')).toBeGreaterThan(circumstances.now);
        }
      }
    });
  });

  it('works again by the clock alone, with no event at all', () => {
    forEveryStep(({ after, circumstances }) => {
      const ends = slotKinds.flatMap((slotKind) => {
        const { cooling, quota } = after.kinds[slotKind];
        return [cooling?.until ?? 0, quota.resetsAt ?? 0];
      });
      const later = { ...circumstances, now: Math.max(circumstances.now, ...ends) };
      const view = describeTokenLife(after, later);
      expect([view.image.state, view.video.state]).toEqual(['ready', 'ready']);
    });
  });

  it('has the same life whatever is said of the other kind', () => {
    forEveryStep(({ before, event, after, circumstances }) => {
      const named = 'slotKinds' in event ? event.slotKinds : 'slotKind' in event ? [event.slotKind] : slotKinds;
      for (const slotKind of slotKinds) {
        if (named.includes(slotKind)) continue;
        const untouched = nextTokenLife(before, { type: 'rest_ended' }, circumstances);
        expect(after.kinds[slotKind]).toEqual(untouched.kinds[slotKind]);
      }
    });
  });
});

describe('a fault', () => {
  it('never shortens a rest, and counts once while the account rests', () => {
    forEveryStep(({ before, event, after, circumstances: { now } }) => {
      if (event.type !== 'fault') return;
      for (const slotKind of event.slotKinds) {
        const [was, is] = [before.kinds[slotKind], after.kinds[slotKind]];
        const restedUntil = Math.max(was.cooling?.until ?? now, now);
        expect(is.cooling?.until ?? now).toBeGreaterThanOrEqual(restedUntil);
        const rested = (was.cooling?.until ?? 0) > now;
        expect(is.faults).toBe(rested ? Math.max(1, was.faults) : was.faults + 1);
      }
    });
  });

  it('costs no less rest the more there were in a row, and never more than the longest', () => {
    fc.assert(
      fc.property(anySettings, fc.boolean(), (settings, rests) => {
        let [life, now, longest] = [newLife, start, 0];
        for (let row = 1; row <= 12; row += 1) {
          life = nextTokenLife(life, fault({ rests }), at(now, settings));
          const restMs = (life.kinds.video.cooling?.until ?? now) - now;
          expect(restMs).toBeGreaterThanOrEqual(longest);
          expect(restMs).toBeLessThanOrEqual(defaultSettings['token.coolDownLongestMs']);
          [longest, now] = [restMs, now + restMs];
        }
        expect(life.kinds.video.faults).toBe(12);
      }),
    );
  });

  it('costs the first rest up to the threshold, then twice as much each time', () => {
    let [life, now] = [newLife, start];
    const rests: number[] = [];
    for (let row = 0; row < 6; row += 1) {
      life = nextTokenLife(life, fault(), at(now));
      rests.push((life.kinds.video.cooling!.until - now) / minute);
      now = life.kinds.video.cooling!.until;
    }
    expect(rests).toEqual([1, 1, 1, 2, 4, 8]);
    life = nextTokenLife(life, { type: 'succeeded', slotKind: 'video' }, at(now));
    expect(nextTokenLife(life, fault(), at(now)).kinds.video.cooling!.until - now).toBe(minute);
  });

  it('for which the upstream asks no rest makes the account rest only from the threshold on', () => {
    const light = fault({ rests: false });
    expect(apply(newLife, light, light).kinds.video).toMatchObject({ faults: 2, cooling: null });
    expect(apply(newLife, light, light, light).kinds.video.cooling).toEqual({ until: start + minute, reason: '429' });
  });

  it('rests as long as the upstream says, be it shorter than a first rest, and never for years', () => {
    const restOf = (retryAfterMs: number) => apply(newLife, fault({ retryAfterMs })).kinds.video.cooling!.until - start;
    expect([restOf(5_000), restOf(3 * 3_600_000)]).toEqual([5_000, 3 * 3_600_000]);
    expect(restOf(Number.POSITIVE_INFINITY)).toBe(31 * 24 * 3_600_000);
  });

  it('spreads the ends of rests, so that not all accounts come back at once', () => {
    const late = nextTokenLife(newLife, fault(), { ...at(), random: () => 0.999 }).kinds.video.cooling!.until;
    expect(late - start).toBeGreaterThan(1.09 * minute);
    expect(late - start).toBeLessThan(1.1 * minute);
  });

  it('is forgotten by a success of its kind, and nothing else is', () => {
    forEveryStep(({ before, event, after }) => {
      for (const slotKind of slotKinds) {
        const isSuccess = (event.type === 'succeeded' || event.type === 'acknowledged') && event.slotKind === slotKind;
        if (isSuccess) expect(after.kinds[slotKind].faults).toBe(0);
        else expect(after.kinds[slotKind].faults).toBeGreaterThanOrEqual(before.kinds[slotKind].faults);
      }
    });
  });

  it('of somebody else makes the account rest where it must, and is not counted', () => {
    const life = apply(newLife, { type: 'held_off', slotKinds: ['image', 'video'], reason: 'proxy' });
    expect(life.kinds.image).toMatchObject({ faults: 0, cooling: { until: start + minute, reason: 'proxy' } });
  });
});

describe('the quota', () => {
  const two: TokenEvent = { type: 'inspected', remaining: 2, resetsAt: start + 60 * minute };
  const video: TokenEvent = { type: 'acknowledged', slotKind: 'video' };

  it('rests videos until it starts again, and images go on', () => {
    const life = apply(newLife, two, video, video);
    expect(describeTokenLife(life, at())).toMatchObject({
      state: 'active',
      video: { state: 'exhausted', until: new Date(start + 60 * minute).toISOString() },
      image: { state: 'ready' },
    });
    expect(exhaustionOf(life.kinds.video, at(start + 60 * minute))).toBeNull();
    const again = nextTokenLife(life, { type: 'rest_ended' }, at(start + 60 * minute));
    expect(again.kinds.video.quota).toEqual({ remaining: null, resetsAt: null });
  });

  it('is given a time where the upstream names none or one that is over', () => {
    for (const resetsAt of [null, start - minute]) {
      const life = apply(newLife, { type: 'inspected', remaining: 0, resetsAt });
      expect(life.kinds.video.quota).toEqual({ remaining: 0, resetsAt: start + 60 * minute });
    }
  });

  it('keeps a margin untouched', () => {
    const life = apply(newLife, two);
    expect(exhaustionOf(life.kinds.video, at(start, { 'token.quotaMargin': 2 }))).toEqual({
      until: start + 60 * minute,
    });
    expect(exhaustionOf(life.kinds.video, at(start, { 'token.quotaMargin': 1 }))).toBeNull();
  });

  it('is never less than nothing, and unknown stays unknown', () => {
    expect(apply(newLife, { ...two, remaining: 0 } as TokenEvent, video).kinds.video.quota.remaining).toBe(0);
    expect(apply(newLife, video).kinds.video.quota).toEqual({ remaining: null, resetsAt: null });
  });
});

describe('the history', () => {
  it('notes every change of state, of a rest and of a quota that ends or begins', () => {
    forEveryStep(({ before, event, after, circumstances }) => {
      const shown = (life: TokenLife) => {
        const { image, video, ...whole } = describeTokenLife(life, circumstances);
        return JSON.stringify([whole, image.state, video.state]);
      };
      if (shown(before) !== shown(after)) expect(isNews(before, after, event, circumstances)).toBe(true);
    });
  });

  it('notes a rest and a want of videos that follow one of the same reason which was over', () => {
    const later = at(start + 10 * minute);
    const held: TokenEvent = { type: 'held_off', slotKinds: ['video'], reason: 'proxy', retryAfterMs: minute };
    const empty = (resetsAt: number): TokenEvent => ({ type: 'inspected', remaining: 0, resetsAt });
    const pairs = [
      [held, held],
      [empty(start + minute), empty(later.now + minute)],
    ] as const;
    for (const [first, second] of pairs) {
      const life = apply(newLife, first);
      expect(isNews(life, nextTokenLife(life, second, later), second, later)).toBe(true);
    }
  });

  it('notes a rest that outlasts the want of videos which was shown', () => {
    const empty: TokenEvent = { type: 'inspected', remaining: 0, resetsAt: start + 60 * minute };
    const life = apply(newLife, fault(), empty);
    const event = fault({ retryAfterMs: 120 * minute });
    const next = nextTokenLife(life, event, at());
    expect([describeTokenLife(life, at()).video.state, describeTokenLife(next, at()).video.state]).toEqual([
      'exhausted',
      'cooling',
    ]);
    expect(isNews(life, next, event, at())).toBe(true);
  });

  it('does not note what changes nothing, a video less, or a rest that only grows longer', () => {
    const resting = apply(newLife, fault());
    const events: [TokenLife, TokenEvent][] = [
      [newLife, { type: 'succeeded', slotKind: 'image' }],
      [newLife, { type: 'rest_ended' }],
      [newLife, { type: 'inspected', remaining: 5, resetsAt: null }],
      [resting, fault({ retryAfterMs: 10 * minute })],
    ];
    for (const [life, event] of events) {
      expect([event.type, isNews(life, nextTokenLife(life, event, at()), event, at())]).toEqual([event.type, false]);
    }
  });

  it('notes the end of a rest and of a want of videos', () => {
    const life = apply(newLife, fault(), { type: 'inspected', remaining: 0, resetsAt: start + minute });
    const later = at(start + 10 * minute);
    const ended: TokenEvent = { type: 'rest_ended' };
    for (const one of [life, apply(newLife, { type: 'inspected', remaining: 0, resetsAt: start + minute })]) {
      expect(isNews(one, nextTokenLife(one, ended, later), ended, later)).toBe(true);
    }
  });
});
