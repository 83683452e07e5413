import { Type } from '../type.ts';
import type { Matcher } from '../../alerts/rules/matcher.ts';
import type { Level } from '../../incident/level.ts';

/** How urgent. */
export const LevelName: ReturnType<typeof Type.Unsafe<Level>> = Type.Unsafe<Level>({
  type: 'string',
  enum: ['notice', 'warning', 'page'],
});

const patterns = {
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength: 256 },
  minItems: 1,
  maxItems: 100,
  description: 'One of these; `*` is any text.',
};

/** What a silence is about. It has to ask for something: one for everything says so with `*`. */
export const MatcherShape: ReturnType<typeof Type.Unsafe<Matcher>> = Type.Unsafe<Matcher>({
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    service: patterns,
    namespace: patterns,
    environment: patterns,
    labels: {
      type: 'object',
      maxProperties: 20,
      additionalProperties: patterns,
      description: 'Labels that the rules give services.',
    },
    maxLevel: { type: 'string', enum: ['notice', 'warning', 'page'], description: 'This level and those below it.' },
  },
});
