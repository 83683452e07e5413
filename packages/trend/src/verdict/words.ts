/** Bytes as V8 and `ps` count them: 1 MB is 1,048,576 bytes. */
export function megabytes(bytes: number): string {
  const size = Math.abs(bytes);
  if (size < 1023.5) return `${bytes.toFixed(0)} B`;
  if (size < 1023.5 * 1024) return `${round(bytes / 1024)} KB`;
  if (size < 1023.5 * 1048576) return `${round(bytes / 1048576)} MB`;
  return `${round(bytes / 1073741824)} GB`;
}

/** A time that a person can picture: "40 s", "23 min", "5 h", "12 days". */
export function span(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'never';
  if (seconds < 99.5) return `${seconds.toFixed(0)} s`;
  if (seconds < 99.5 * 60) return `${(seconds / 60).toFixed(0)} min`;
  if (seconds < 48 * 3600) return `${(seconds / 3600).toFixed(0)} h`;
  const days = seconds / 86400;
  return days < 1000 ? `${days.toFixed(0)} days` : 'years';
}

/** A rate in the unit that shows it best: per second, minute or hour. */
export function pacePer(bytesPerSecond: number): string {
  const size = Math.abs(bytesPerSecond);
  if (size >= 100 * 1024) return `${megabytes(bytesPerSecond)} a second`;
  if (size >= 1024) return `${megabytes(bytesPerSecond * 60)} a minute`;
  return `${megabytes(bytesPerSecond * 3600)} an hour`;
}

function round(value: number): string {
  return Math.abs(value) < 99.95 ? value.toFixed(1) : value.toFixed(0);
}
