/**
 * Looks whether an on-call plan can be used, by itself: the secrets that it names need not be there. Returns what the plan
 * has, and what is likely not meant, a line each.
 *
 * @throws {ServerError} EBB_SERVER_ONCALL with everything that is wrong
 */
export async function checkOnCall(file: string, nowMs: number): Promise<{ summary: string; warnings: string[] }> {
  // Loaded here: who has no plan does without calendars and zones.
  const { readPlanFile } = await import('./plan-file.ts');
  const { people, schedules, teams, policies, routes, warnings } = readPlanFile(file, { nowMs });
  const counts = [
    people.size === 1 ? '1 person' : `${people.size} people`,
    counted(schedules.size, 'schedule'),
    counted(teams.size, 'team'),
    policies.size === 1 ? '1 policy' : `${policies.size} policies`,
    counted(routes.length, 'route'),
  ];
  return {
    summary: counts.join(', '),
    warnings: warnings.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`),
  };
}

function counted(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
