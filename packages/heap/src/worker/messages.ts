/** What a snapshot's handle and its thread say to each other. One query is under way at a time; answers come in order. */
import type { HeapErrorCode } from '../errors/heap-error.ts';
import type { Queries, QueryName } from '../query/queries.ts';
import type { OpeningInput } from '../query/serve.ts';

/** What the thread is started with. */
export interface QueryWorkerInput extends OpeningInput {
  /** One Int32: the number of the query that was called off while it was under way. */
  calledOff: SharedArrayBuffer;
}

/** A question to the thread. */
export type QueryMessage = {
  [Name in QueryName]: { type: 'query'; number: number; name: Name; input: Queries[Name]['input'] };
}[QueryName];

/** What the thread says; `number` is that of the query, 0 while the snapshot is opened. */
export type QueryWorkerMessage =
  | { type: 'opened' }
  | { type: 'progress'; number: number; phase: string; file: string; fraction: number }
  | { type: 'answer'; number: number; answer: unknown }
  | { type: 'error'; number: number; code: HeapErrorCode; message: string };
