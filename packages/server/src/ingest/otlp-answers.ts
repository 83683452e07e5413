/** What is answered to OTLP in protobuf: an `ExportMetricsServiceResponse`, or a `google.rpc.Status` for a refusal. */

/** The answer to a request that was taken; without a refusal it is the empty message. */
export function encodeOtlpResponse(rejectedDataPoints: number, errorMessage: string): Uint8Array {
  if (rejectedDataPoints === 0) return new Uint8Array();
  return message(1, Buffer.concat([number(1, rejectedDataPoints), message(2, Buffer.from(errorMessage))]));
}

/** The body of a refusal. `code` is one of gRPC's. */
export function encodeStatus(code: number, text: string): Uint8Array {
  return Buffer.concat([number(1, code), message(2, Buffer.from(text))]);
}

function number(field: number, value: number): Buffer {
  return Buffer.from([field * 8, ...varint(value)]);
}

function message(field: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([field * 8 + 2, ...varint(content.length)]), content]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return [...bytes, rest];
}
