/** The server in this process, from its start to a signal. */
import { checkNode, checkRules, startServer, type Server, type ServerOptions } from '@ebb/server';
import { CliError } from '../errors/cli-error.ts';
import { describeError } from '../errors/describe.ts';
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
  const onHangup = (): void => void reload(server);
  // Without files it ends the process, as the terminal that goes away means it.
  if ([options.rulesFile, options.onCallFile, options.responseFile].some((file) => file !== undefined))
    process.on('SIGHUP', onHangup);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await server.close();
  process.off('SIGHUP', onHangup);
}

/**
 * Looks whether a file of alert rules can be used, and says what it has.
 *
 * @throws {Error} EBB_SERVER_RULES with everything that is wrong; EBB_CLI_USAGE without a file
 */
export async function check(rules: string | undefined): Promise<void> {
  checkNode(process.versions.node);
  if (rules === undefined) throw new CliError('EBB_CLI_USAGE', '--check-rules needs --rules FILE');
  process.stdout.write(`${printable(rules)}: ${await checkRules(rules)}\n`);
}

async function reload(server: Server): Promise<void> {
  try {
    await server.reloadRules();
    process.stderr.write('ebb: the rules were read anew\n');
  } catch (error) {
    process.stderr.write(`${describeError(error).text}\n     The rules before hold on.\n`);
  }
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
  lines.push(`page       ${url}/`, `API        ${url}/api/v1/docs`, `listening  ${url}`);
  return `${lines.join('\n')}\n`;
}
