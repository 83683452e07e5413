/**
 * The messages of OTLP that Ebb reads and writes, for protobufjs: a part of opentelemetry-proto's
 * `collector/metrics/v1/metrics_service.proto` and `metrics/v1/metrics.proto`, field numbers as they stand there. Fields
 * that are not listed are skipped by the decoder; so are values that nest (lists, maps), which no identity is made of.
 */
import protobuf from 'protobufjs';

const field = (id: number, type: string): protobuf.IField => ({ id, type });
const list = (id: number, type: string): protobuf.IField => ({ id, type, rule: 'repeated' });

const root = protobuf.Root.fromJSON({
  nested: {
    Request: { fields: { resourceMetrics: list(1, 'ResourceMetrics') } },
    ResourceMetrics: { fields: { resource: field(1, 'Resource'), scopeMetrics: list(2, 'ScopeMetrics') } },
    Resource: { fields: { attributes: list(1, 'KeyValue') } },
    ScopeMetrics: { fields: { metrics: list(2, 'Metric') } },
    Metric: {
      fields: {
        name: field(1, 'string'),
        gauge: field(5, 'NumberData'),
        sum: field(7, 'NumberData'),
        histogram: field(9, 'HistogramData'),
      },
    },
    NumberData: { fields: { dataPoints: list(1, 'NumberPoint') } },
    NumberPoint: {
      fields: {
        attributes: list(7, 'KeyValue'),
        timeUnixNano: field(3, 'fixed64'),
        asDouble: field(4, 'double'),
        asInt: field(6, 'sfixed64'),
        flags: field(8, 'uint32'),
        exemplars: list(5, 'Exemplar'),
      },
      oneofs: { value: { oneof: ['asDouble', 'asInt'] } },
    },
    // Its attributes are no part of the series: what changes from point to point can stand there.
    Exemplar: { fields: { filteredAttributes: list(7, 'KeyValue') } },
    HistogramData: {
      fields: { dataPoints: list(1, 'HistogramPoint'), aggregationTemporality: field(2, 'int32') },
    },
    HistogramPoint: {
      fields: {
        attributes: list(9, 'KeyValue'),
        timeUnixNano: field(3, 'fixed64'),
        count: field(4, 'fixed64'),
        bucketCounts: list(6, 'fixed64'),
        explicitBounds: list(7, 'double'),
        flags: field(10, 'uint32'),
      },
    },
    KeyValue: { fields: { key: field(1, 'string'), value: field(2, 'AnyValue') } },
    AnyValue: {
      fields: {
        stringValue: field(1, 'string'),
        boolValue: field(2, 'bool'),
        intValue: field(3, 'int64'),
        doubleValue: field(4, 'double'),
      },
      oneofs: { value: { oneof: ['stringValue', 'boolValue', 'intValue', 'doubleValue'] } },
    },
    Response: { fields: { partialSuccess: field(1, 'PartialSuccess') } },
    PartialSuccess: { fields: { rejectedDataPoints: field(1, 'int64'), errorMessage: field(2, 'string') } },
    // google.rpc.Status, the body of a refusal
    Status: { fields: { code: field(1, 'int32'), message: field(2, 'string') } },
  },
});

const requestType = root.lookupType('Request');
const responseType = root.lookupType('Response');
const statusType = root.lookupType('Status');

/** A 64-bit number, as protobufjs gives it; or what stood in JSON. */
export type WireNumber = number | string | { toNumber(): number };

/** The value of an attribute: one of its fields is set. */
export interface WireValue {
  stringValue?: string | null;
  boolValue?: boolean | null;
  intValue?: WireNumber | null;
  doubleValue?: number | null;
}

/** A decoded request. Everything may be missing. */
export interface WireRequest {
  resourceMetrics?: {
    resource?: { attributes?: WireAttribute[] } | null;
    scopeMetrics?: { metrics?: WireMetric[] }[];
  }[];
}

/** An attribute. */
export interface WireAttribute {
  key?: string;
  value?: WireValue | null;
}

/** A metric: one of its kinds is set. */
export interface WireMetric {
  name?: string;
  gauge?: { dataPoints?: WirePoint[] } | null;
  sum?: { dataPoints?: WirePoint[] } | null;
  histogram?: { dataPoints?: WirePoint[]; aggregationTemporality?: number } | null;
}

/** A point of any kind. Numbers have a value, histograms a count. */
export interface WirePoint {
  attributes?: WireAttribute[];
  timeUnixNano?: WireNumber;
  asDouble?: number | null;
  asInt?: WireNumber | null;
  count?: WireNumber;
  /** Counts of the ranges between the bounds, one more than these. */
  bucketCounts?: WireNumber[];
  explicitBounds?: number[];
  exemplars?: { filteredAttributes?: WireAttribute[] }[];
  flags?: number;
}

/** Reads a request in protobuf. @throws when it is no such message */
export function decodeOtlp(body: Uint8Array): WireRequest {
  return requestType.decode(body) as unknown as WireRequest;
}

/** Reads a request in OTLP's JSON. @throws when it is no JSON, or has another shape */
export function parseOtlpJson(text: string): WireRequest {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error('it is no object');
  return requestType.fromObject(parsed) as unknown as WireRequest;
}

/** The answer to a request that was taken; without a refusal it is the empty message. */
export function encodeOtlpResponse(rejectedDataPoints: number, errorMessage: string): Uint8Array {
  const partial = rejectedDataPoints > 0 ? { partialSuccess: { rejectedDataPoints, errorMessage } } : {};
  return responseType.encode(responseType.fromObject(partial)).finish();
}

/** The body of a refusal. `code` is one of gRPC's. */
export function encodeStatus(code: number, message: string): Uint8Array {
  return statusType.encode(statusType.fromObject({ code, message })).finish();
}
