/** Server-sent events as they go over the wire (HTML Standard, 9.2). */

/** An event for those who follow. */
export interface LiveEvent {
  /** What a client sends as `Last-Event-ID` to go on behind it; null leaves the last one. */
  id: number | null;
  name: 'hello' | 'service' | 'verdict' | 'incident' | 'reset' | 'end';
  /** Becomes JSON. */
  data: unknown;
}

/** The lines of an event. JSON has no line feeds of its own. */
export function encodeEvent({ id, name, data }: LiveEvent): string {
  return `${id === null ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
