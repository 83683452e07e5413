/**
 * Makes the JSON Schemas of the API. Their types are typebox's, so that handlers know what they get; what they are made
 * with is this: typebox's own run time is 370 modules, which are a tenth of a server's start and of its memory, and of
 * which the API needs a dozen lines.
 */
import type {
  TArray,
  TBoolean,
  TInteger,
  TLiteral,
  TNull,
  TNumber,
  TObject,
  TOptional,
  TProperties,
  TRecord,
  TSchema,
  TSchemaOptions,
  TString,
  TUnknown,
  TUnsafe,
  Type as Typebox,
} from 'typebox';

/** A schema, and what narrows it (`minLength`, `description`, …). */
type Options = TSchemaOptions & Record<string, unknown>;

/** Stands on schemas of properties that may be missing; not enumerable: it is no part of the schema. */
const isOptional = Symbol('optional');

const plain =
  (schema: object): ((options?: Options) => never) =>
  (options) =>
    // Its type is what the table below says.
    ({ ...schema, ...options }) as never;

/** The makers, with typebox's names: what they make is plain JSON Schema. */
export const Type: {
  Unknown: (options?: Options) => TUnknown;
  Boolean: (options?: Options) => TBoolean;
  Integer: (options?: Options) => TInteger;
  Null: (options?: Options) => TNull;
  Number: (options?: Options) => TNumber;
  String: (options?: Options) => TString;
  Literal: <Value extends string>(value: Value, options?: Options) => TLiteral<Value>;
  Array: <Items extends TSchema>(items: Items, options?: Options) => TArray<Items>;
  Object: <Properties extends TProperties>(properties: Properties, options?: Options) => TObject<Properties>;
  Record: <Value extends TSchema>(key: TString, value: Value, options?: Options) => TRecord<'^.*$', Value>;
  Union: typeof Typebox.Union;
  Optional: <Schema extends TSchema>(schema: Schema) => TOptional<Schema>;
  Unsafe: <Value>(schema: object) => TUnsafe<Value>;
} = {
  Unknown: plain({}),
  Boolean: plain({ type: 'boolean' }),
  Integer: plain({ type: 'integer' }),
  Null: plain({ type: 'null' }),
  Number: plain({ type: 'number' }),
  String: plain({ type: 'string' }),
  Literal: (value, options) => plain({ type: 'string', const: value })(options),
  Array: (items, options) => plain({ type: 'array', items })(options),
  Object: (properties, options) => {
    const required = Object.keys(properties).filter((name) => !(isOptional in (properties[name] ?? {})));
    const needs = required.length === 0 ? {} : { required };
    return plain({ type: 'object', ...needs, properties })(options);
  },
  Record: (_, value, options) => plain({ type: 'object', patternProperties: { '^.*$': value } })(options),
  Union: (anyOf: TSchema[], options?: Options) => plain({ anyOf })(options),
  Optional: (schema) =>
    Object.defineProperty({ ...schema }, isOptional, { value: true }) as unknown as TOptional<typeof schema>,
  Unsafe: <Value>(schema: object) => schema as unknown as TUnsafe<Value>,
};
