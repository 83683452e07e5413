import { expect, test } from 'vitest';
import { readPolicy } from './read-policy.ts';

test('an entry a service; what is left out has careful defaults, and nothing is done by itself', () => {
  const { policy } = readPolicy(`
services:
  - match: { service: shop, environment: production }
    allow: [restart, rollback]
    ordered_by: admin
    least_serving: 3
    budget: { actions: 4, per: 2h }
    automatic: { lead: 15m, failures: 3 }
  - match: { service: "*" }
    allow: [restart]
    least_serving: 1
`);
  expect(policy).toEqual([
    {
      match: { service: ['shop'], environment: ['production'] },
      allow: ['restart', 'rollback'],
      orderedBy: 'admin',
      leastServing: 3,
      budget: { actions: 4, perMs: 7_200_000 },
      automatic: { leadMs: 900_000, failures: 3, rollback: false },
    },
    {
      match: { service: ['*'] },
      allow: ['restart'],
      orderedBy: 'responder',
      leastServing: 1,
      budget: { actions: 6, perMs: 3_600_000 },
      automatic: null,
    },
  ]);
});

test.each([
  ['services: [{ match: {}, allow: [reboot], least_serving: 1 }]', 'is one of restart, rollback, rollforward'],
  ['services: [{ match: {}, allow: [restart] }]', "'least_serving' is missing"],
  ['services: [{ match: {}, allow: [restart], least_serving: 0 }]', 'whole number from 1'],
  ['services: [{ match: {}, alow: [restart], least_serving: 1 }]', "was 'allow' meant?"],
  ['services: [{ match: {}, allow: [rollback], least_serving: 1, automatic: {} }]', 'allow does not name restart'],
  ['services: [{ match: {}, allow: [restart], least_serving: 1, automatic: { rollback: true } }]', 'rollback'],
  ['service: shop', "was 'services' meant?"],
  ['services: [', 'line 1'],
])('%s is refused, with what is wrong', (text, told) => {
  const { policy, problems } = readPolicy(text);
  expect(policy).toBeNull();
  if (told !== 'line 1') expect(problems.map(({ message }) => message).join('\n')).toContain(told);
  expect(problems[0]?.line).toBe(1);
});
