/**
 * Looks whether a file of alert rules can be used, by itself: the secrets that it names need not be there. Returns what
 * the file has, in a line.
 *
 * @throws {ServerError} EBB_SERVER_RULES with everything that is wrong
 */
export async function checkRules(file: string): Promise<string> {
  // Loaded here: who has no rules does without the parser.
  const { readRulesFile } = await import('./rules-file.ts');
  const { routes, receivers, services, inhibit } = readRulesFile(file);
  const used = new Set(routes.flatMap(({ to }) => to));
  const unused = [...receivers.keys()].filter((name) => !used.has(name));
  const counts = [
    counted(receivers.size, 'receiver'),
    counted(routes.length, 'route'),
    counted(services.length, 'override'),
    counted(inhibit.length, 'inhibition'),
  ];
  return `${counts.join(', ')}${unused.length === 0 ? '' : `; no route names ${unused.join(', ')}`}`;
}

function counted(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
