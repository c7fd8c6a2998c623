import { readSettings } from './settings.js';
import { isTimeZone } from './time-zone.js';

it.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Asia/Kolkata', 'Etc/GMT+5'])(
  '%s is a time zone',
  (name) => {
    expect(isTimeZone(name)).toBe(true);
  },
);

it.each(['', 'Europe/Nowhere', '+01:00', '-05:00', "UTC'; DROP TABLE token", 'local time', 'A'.repeat(100)])(
  '"%s" is none',
  (name) => {
    expect(isTimeZone(name)).toBe(false);
  },
);

it('a wrong one in the settings is ignored for UTC', () => {
  const rows = [{ key: 'statistics.timeZone', value: 'Europe/Nowhere' }];
  const { settings, ignored } = readSettings(rows);
  expect([settings['statistics.timeZone'], ignored]).toEqual(['UTC', ['statistics.timeZone']]);
});
