/** The first so many values, about their mean. */
export function centred(values: Float64Array, count: number): Float64Array {
  let sum = 0;
  for (let at = 0; at < count; at++) sum += values[at];
  const mean = sum / count;
  const around = new Float64Array(count);
  for (let at = 0; at < count; at++) around[at] = values[at] - mean;
  return around;
}

/** Of vectors of one length. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at] * b[at];
  return sum;
}
