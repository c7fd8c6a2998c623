import fc from 'fast-check';
import { defaultSettings, readSettings, settingKeys } from './settings.js';

test('without rows everything has its default', () => {
  expect(readSettings([])).toEqual({ settings: defaultSettings, ignored: [] });
  expect(Object.keys(defaultSettings)).toEqual(settingKeys);
});

test('a row replaces its default and nothing else', () => {
  const { settings, ignored } = readSettings([{ key: 'poll.minimumMs', value: 50 }]);
  expect(settings).toEqual({ ...defaultSettings, 'poll.minimumMs': 50 });
  expect(ignored).toEqual([]);
});

test('a switch is true or false', () => {
  expect(defaultSettings['sora.publishForRemix']).toBe(false);
  const { settings, ignored } = readSettings([{ key: 'sora.publishForRemix', value: true }]);
  expect(settings).toEqual({ ...defaultSettings, 'sora.publishForRemix': true });
  expect(ignored).toEqual([]);
});

test.each([
  ['a text', 'poll.minimumMs', '50'],
  ['a fraction', 'poll.minimumMs', 0.5],
  ['less than nothing', 'poll.minimumMs', -1],
  ['no pages at all', 'sora.draftsPages', 0],
  ['null', 'poll.minimumMs', null],
  ['a switch for a number', 'poll.minimumMs', true],
  ['a number for a switch', 'sora.publishForRemix', 1],
  ['a word for a switch', 'sora.publishForRemix', 'false'],
  ['a setting of another release', 'poll.oldMs', 1],
  ['a word that every object has', 'constructor', 1],
])('%s is ignored and named', (_name, key, value) => {
  expect(readSettings([{ key, value }])).toEqual({ settings: defaultSettings, ignored: [key] });
});

test('no rows whatever can stop the pool', () => {
  const row = fc.record({ key: fc.oneof(fc.constantFrom(...settingKeys), fc.string()), value: fc.jsonValue() });
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const { settings } = readSettings(rows);
      for (const key of settingKeys) {
        expect(typeof settings[key]).toBe(typeof defaultSettings[key]);
        if (typeof settings[key] === 'number') expect(Number.isInteger(settings[key])).toBe(true);
      }
    }),
  );
});

test('names of numbers end in their unit or count something', () => {
  const counted = [
    ...['submit.maximumRefusals', 'submit.maximumAbsences', 'reconcile.listings', 'finish.attempts', 'litter.attempts'],
    ...[
      'token.unlimitedSlots',
      'token.unlimitedImageSlots',
      'token.enhancements',
      'batch.concurrency',
      'batch.retries',
    ],
    ...['refresh.concurrency', 'refresh.perMinute', 'inspect.concurrency', 'inspect.perMinute', 'webhook.concurrency'],
    ...['token.faultThreshold', 'proxy.faultThreshold', 'token.coolDownFactor', 'token.quotaMargin'],
    ...['sora.recentTasks', 'sora.recentTasksMost'],
    ...['stream.openPerKey', 'stream.open', 'admission.openPerKey', 'admission.open', 'rate.requestsPerMinute'],
    'files.ownerFiles',
  ];
  const isNamed = (key: string) =>
    /(Ms|Seconds|Hours|Days|Bytes|Pixels|Percent|Page|Pages)(PerOwner)?$/.test(key) || counted.includes(key);
  const numbers = settingKeys.filter((key) => typeof defaultSettings[key] === 'number');
  expect(numbers.filter((key) => !isNamed(key))).toEqual([]);
});

test('a list of images can grow', () => {
  expect(defaultSettings['sora.recentTasksMost']).toBeGreaterThan(defaultSettings['sora.recentTasks']);
});

test('a submit that hangs is over before its token is taken for lost', () => {
  const {
    'submit.timeoutMs': timeoutMs,
    'submit.freshnessMs': freshnessMs,
    'reconcile.settleMs': settleMs,
  } = defaultSettings;
  expect(freshnessMs).toBeLessThan(timeoutMs);
  expect(timeoutMs + settleMs).toBeLessThan(defaultSettings['render.maximumMs']);
  expect(defaultSettings['render.maximumMs']).toBeLessThan(defaultSettings['generation.deadlineMs']);
});
