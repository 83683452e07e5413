/** From what was read of a request to what is stored of it. */
import type { ReportWriter } from '../store/report-writer.ts';
import type { IntakeCounters } from './intake-counters.ts';
import { refuse, type Intake, type Refusal } from './reports.ts';

const told: Readonly<Record<Refusal, string>> = {
  clock: 'their time is more than 10 minutes ahead or a day behind',
  label: 'a name, version or instance is longer than 256 characters',
  processes: 'the server knows of as many processes as it may',
  services: 'the server knows of as many services as it may',
};

/** What the sender is told. */
export interface TakenIn {
  refusedPoints: number;
  /** Why, one sentence a reason; empty when nothing was refused. */
  reasons: string;
}

/**
 * Stores what was read; resolves when it is committed. Who is too many is left out, and counted.
 *
 * @throws {ServerError} what {@link ReportWriter.write} throws: then nothing of it counts as taken
 */
export async function takeIn(intake: Intake, writer: ReportWriter, counters: IntakeCounters): Promise<TakenIn> {
  const { taken, refused } = writer.admit(intake.reports);
  // How many points a report was made of is not known any more: it counts as one.
  for (const why of refused) refuse(intake, why, 1);
  await writer.write(taken);
  counters.took({ ...intake, reports: taken });
  const reasons = [...intake.refused].map(([why, points]) => `${points} points refused: ${told[why]}`);
  return {
    refusedPoints: [...intake.refused.values()].reduce((sum, points) => sum + points, 0),
    reasons: reasons.join('; '),
  };
}
