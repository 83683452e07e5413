/** Which server a command speaks to, and as whom. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { CliError } from '../errors/cli-error.ts';
import { ServerClient } from './server-client.ts';

/** What `--server` and `--token-file` say. */
export interface ServerFlags {
  server?: string;
  tokenFile?: string;
}

const usualServer = 'http://127.0.0.1:4318';

/** Adds `--server` and `--token-file`. A token is no option: other users of the machine see those. */
export function addServerOptions(command: Command): Command {
  return command
    .option('--server <URL>', `the server of \`ebb up\` (default: EBB_SERVER, or ${usualServer})`)
    .option('--token-file <FILE>', 'a file with the token to speak with (default: the token in EBB_TOKEN)');
}

/**
 * A client of the server that flags or environment name. Nothing is sent yet.
 *
 * @throws {CliError} EBB_CLI_SERVER_ADDRESS, EBB_CLI_SERVER_TOKEN
 */
export function serverOf(
  { server, tokenFile }: ServerFlags,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ServerClient {
  const address = server ?? (environment['EBB_SERVER'] || usualServer);
  if (!URL.canParse(address) || !/^https?:$/u.test(new URL(address).protocol))
    throw new CliError('EBB_CLI_SERVER_ADDRESS', `${JSON.stringify(address)} is no address of a server`);
  const token = tokenFile === undefined ? environment['EBB_TOKEN'] : tokenIn(tokenFile);
  if (!token) throw new CliError('EBB_CLI_SERVER_TOKEN', `there is no token to speak to ${address} with`);
  if (!/^[\x21-\x7e]+$/u.test(token))
    throw new CliError('EBB_CLI_SERVER_TOKEN', 'the token has spaces or letters in it that no token of Ebb has');
  return new ServerClient(new URL(address), token);
}

function tokenIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CliError('EBB_CLI_SERVER_TOKEN', `the token in ${file} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
