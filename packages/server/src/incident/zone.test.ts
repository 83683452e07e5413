import { expect, test } from 'vitest';
import { Clock, zoneOf } from './zone.ts';

const at = Date.UTC(2024, 7, 10, 14, 30);

test('an outage that is told in UTC has the clock of a team in Nairobi beside it', () => {
  expect(new Clock(['Africa/Nairobi']).time(at)).toBe('14:30 UTC (17:30 EAT)');
  expect(new Clock(['Africa/Nairobi']).time(at, true)).toBe('2024-08-10 14:30 UTC (17:30 EAT)');
});

test('where it is another day, the day is told too; summer time is what it was then', () => {
  const clock = new Clock(['Africa/Nairobi', 'America/New_York', 'Europe/Berlin']);
  expect(clock.beside(Date.UTC(2024, 7, 10, 23, 15))).toEqual([
    '2024-08-11 02:15 EAT',
    '19:15 EDT',
    '2024-08-11 01:15 CEST',
  ]);
  expect(clock.beside(Date.UTC(2024, 11, 10, 3, 15))).toEqual(['06:15 EAT', '2024-12-09 22:15 EST', '04:15 CET']);
});

test('a zone stands once, UTC is not told twice, and a zone without a short name has its offset', () => {
  expect(new Clock(['Africa/Nairobi', null, 'Africa/Nairobi']).beside(at)).toEqual(['17:30 EAT']);
  expect(new Clock(['UTC', 'Etc/UTC']).time(at)).toBe('14:30 UTC');
  expect(new Clock(['Asia/Kathmandu']).beside(at)).toEqual(['20:15 GMT+5:45']);
});

test.each(['Mars/Olympus', '', '+03:00', '<b>', 'Europe/Berlin; drop', 'x'.repeat(100)])('%s is no zone', (name) => {
  expect(zoneOf(name)).toBeNull();
});

test('a zone is known by any spelling', () => {
  expect(zoneOf('africa/nairobi')).toBe('Africa/Nairobi');
});
