/** The server in this process, from its start to a signal. */
import { checkNode, startServer, type Server, type ServerOptions } from '@ebb/server';
import { printable } from '../wording/printable.ts';

/**
 * Resolves when the server was stopped by a signal and has finished.
 *
 * @throws {Error} with a code EBB_SERVER_…, when it cannot start
 */
export async function serve(options: ServerOptions): Promise<void> {
  checkNode(process.versions.node);
  const server = await startServer(options);
  // Its own output, and what a script waits for: the address comes last.
  process.stdout.write(welcome(server));
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await server.close();
}

function welcome({ url, databasePlace, firstTokens }: Server): string {
  const lines = [`data       ${printable(databasePlace)}`];
  if (firstTokens !== null) {
    lines.push(
      `admin      ${firstTokens.admin}`,
      `agents     ${firstTokens.agent}`,
      '           These tokens are shown this once; keep them. A service reports here with',
      `           OTEL_EXPORTER_OTLP_ENDPOINT=${url}`,
      `           OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20${firstTokens.agent}`,
      '           NODE_OPTIONS="--import @ebb/agent/register"',
    );
  }
  lines.push(`API        ${url}/api/v1/docs`, `listening  ${url}`);
  return `${lines.join('\n')}\n`;
}
