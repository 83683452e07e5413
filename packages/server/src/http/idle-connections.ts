/** Connections that wait for their next request. An agent that reports once a minute keeps its own in between. */
import type { Server } from 'node:http';

/** An idle connection costs about ten kilobytes, and a descriptor of which a process has some thousands. */
const mostConnections = 8000;
const patientMs = 72_000;
/** With more connections than that they are ended sooner, and made anew a minute later: that costs a tenth of a report. */
const impatientMs = 5000;
const everyMs = 1000;

/** Keeps idle connections for longer than a minute while there is room for them. Clients are told how long (`keep-alive`). */
export function boundIdleConnections(server: Server): { stop(): void } {
  server.keepAliveTimeout = patientMs;
  const timer = setInterval(() => {
    server.getConnections((error, connections) => {
      if (error === null) server.keepAliveTimeout = connections > mostConnections ? impatientMs : patientMs;
    });
  }, everyMs).unref();
  return {
    stop: () => {
      clearInterval(timer);
    },
  };
}
