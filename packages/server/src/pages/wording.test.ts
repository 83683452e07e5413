import { expect, test } from 'vitest';
import { html } from './html.ts';
import { bytes, count, pace, span, spanInterval } from './wording.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1 kB'],
  [41_300_000, '41 MB'],
  [412_000_000, '412 MB'],
  [4.13e9, '4.1 GB'],
  [-2.5e6, '−2.5 MB'],
  [-0.4, '0 B'],
])('%d bytes are %s', (value, words) => {
  expect(bytes(value)).toBe(words);
});

test.each([
  [150_000, '+9 MB a minute'],
  [100, '+360 kB an hour'],
  [-2, '−173 kB a day'],
  [0.001, 'none'],
])('%d bytes a second are %s', (value, words) => {
  expect(pace(value)).toBe(words);
});

test.each([
  [1, '1 second'],
  [80, '80 seconds'],
  [1380, '23 minutes'],
  [7200, '2 hours'],
  [200_000, '2 days'],
])('%d seconds are %s', (value, words) => {
  expect(span(value)).toBe(words);
});

test.each([
  [[1080, 1860], '18 to 31 minutes'],
  [[3000, 9000], '50 minutes to 3 hours'],
  [[3000, null], '50 minutes or more'],
  [[1380, 1381], '23 minutes'],
  [[null, null], ''],
  [null, ''],
] as const)('the interval %j is "%s"', (interval, words) => {
  expect(spanInterval(interval)).toBe(words);
});

test('one process is no processes', () => {
  expect([count(1, 'process', 'processes'), count(3120, 'process', 'processes')]).toEqual([
    '1 process',
    '3,120 processes',
  ]);
});

test('what is put into a template cannot leave it, nor hide or turn around what stands beside', () => {
  const name = '"><img src=x onerror=alert(1)>\u202e\u0000`';
  expect(html`<a title="${name}">${[name, 7, null, html`<b>${'&'}</b>`]}</a>`.toString()).toBe(
    '<a title="&#34;&#62;&#60;img src=x onerror=alert(1)&#62;\ufffd\ufffd&#96;">' +
      '&#34;&#62;&#60;img src=x onerror=alert(1)&#62;\ufffd\ufffd&#96;7<b>&#38;</b></a>',
  );
});
