import Typebox from 'typebox';
import { expect, test } from 'vitest';
import { Type } from './type.ts';

type Makers = Pick<typeof Typebox, 'Object' | 'Array' | 'Record' | 'Union' | 'Literal' | 'Optional' | 'String'> &
  Pick<typeof Typebox, 'Integer' | 'Number' | 'Boolean' | 'Null' | 'Unknown'>;

function made(type: Makers): unknown {
  return type.Object(
    {
      name: type.String({ minLength: 1, description: 'Its name.' }),
      age: type.Optional(type.Integer({ minimum: 0 })),
      ratio: type.Union([type.Number(), type.Null()], { description: 'Or nothing.' }),
      tags: type.Array(type.Object({ on: type.Boolean(), any: type.Unknown() }), { maxItems: 3 }),
      empty: type.Object({}),
      onlyOptional: type.Object({ a: type.Optional(type.Literal('a')) }),
      counts: type.Record(type.String(), type.Integer(), { maxProperties: 5 }),
      again: type.Optional(type.Array(type.Optional(type.String()))),
    },
    { additionalProperties: false, description: 'All of them.' },
  );
}

test('schemas are what typebox makes of the same words', () => {
  expect(JSON.parse(JSON.stringify(made(Type as unknown as Makers)))).toEqual(
    JSON.parse(JSON.stringify(made(Typebox as unknown as Makers))),
  );
});

test('one schema can be needed here and optional there', () => {
  const name = Type.String();
  const { required } = Type.Object({ here: name, there: Type.Optional(name) });
  expect(required).toEqual(['here']);
});
