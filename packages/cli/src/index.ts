/** `@ebb/cli`: the command line `ebb`. What can be imported is its list of errors, for the documentation's check. */
export { CLI_ERRORS, type CliErrorCode, type CliErrorEntry } from './errors/registry.ts';
