import { describe, expect, it } from 'vitest';
import { parsePairs } from './resource-attributes.ts';

describe('parsePairs', () => {
  it.each([
    [
      'service.version=1.2,deployment.environment.name=prod',
      { 'service.version': '1.2', 'deployment.environment.name': 'prod' },
    ],
    [' a = b , c=d=e ,', { a: 'b', c: 'd=e' }],
    ['team=caf%C3%A9%2C%20bar%3D', { team: 'café, bar=' }],
    ['a%3Db=1', { 'a=b': '1' }],
    ['a=1,a=2', { a: '2' }],
    ['a=', { a: '' }],
    ['', {}],
    [undefined, {}],
  ])('reads %j', (text, attributes) => {
    expect(Object.fromEntries(parsePairs(text) ?? [])).toEqual(attributes);
  });

  it.each(['just words', '=value', 'a=%zz', 'a=1,%=2'])('discards %j as a whole', (text) => {
    expect(parsePairs(text)).toBeNull();
  });

  it('bounds how many there are and how long each is', () => {
    const many = Array.from({ length: 200 }, (_, i) => `k${String(i)}=v`).join(',');
    expect(parsePairs(many)).toBeNull();
    expect(parsePairs(`a=${'x'.repeat(5000)}`)?.get('a')).toHaveLength(1024);
  });
});
