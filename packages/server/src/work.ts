/** What a server does by itself while it runs. */
import { keepAttributions } from './attribution/attribution-keeper.ts';
import type { Context } from './http/context.ts';
import { usualRules } from './incident/decide.ts';
import { keepImpacts } from './incident/impact-keeper.ts';
import { keepIncidents } from './incident/incident-keeper.ts';
import { keepTimelines } from './incident/scribe.ts';
import type { PartsOptions } from './parts.ts';
import { keepPostmortems } from './postmortem/postmortem-keeper.ts';
import { Rounds } from './rounds/rounds.ts';
import { Housekeeper } from './store/housekeeper.ts';
import type { WriterLimits } from './store/report-writer.ts';

const dayMs = 86_400_000;
const usualEveryMs = 20_000;
/** Room for new processes is made before it is used up. */
const filledShare = 0.8;

/** Begins all of it; what is under way has ended when `stop` resolves. */
export function startWork(
  parts: Context,
  { mostProcesses, mostServices }: WriterLimits,
  tell: PartsOptions['tell'],
): { stop(): Promise<void> } {
  const { database, writer, now, alerting, oncall, response } = parts;
  const begun: { stop(): Promise<void> }[] = [
    new Housekeeper({
      database,
      writer,
      retention: {
        samplesMs: 2 * dayMs,
        hoursMs: 90 * dayMs,
        mostProcesses: Math.floor(mostProcesses * filledShare),
        mostServices: Math.floor(mostServices * filledShare),
      },
      now,
      onError: tell('the database could not be tidied'),
    }),
    keepIncidents({
      ...parts,
      rules: usualRules,
      // Whoever has to hear of it hears of it now, and not in the next round of each who tells.
      onNews: () => {
        oncall.soon();
        alerting.courier.soon();
      },
      onError: tell('incidents could not be looked at'),
    }),
    keepImpacts({ ...parts, onError: tell('what incidents do could not be measured') }),
    keepAttributions({ ...parts, onError: tell('changes could not be held against the growth') }),
    keepTimelines({ ...parts, onError: tell('timelines could not be written') }),
    keepPostmortems({
      ...parts,
      rules: () => alerting.rules,
      plan: () => oncall.plan,
      onError: tell('postmortems could not be written'),
    }),
  ];
  const onError = tell('what is usual for processes could not be read');
  begun.push(new Rounds(async () => await parts.usual.refresh(), { everyMs: usualEveryMs, onError }));
  alerting.start();
  oncall.start(alerting);
  response.start();
  // Who tells people goes last: what is found until then is still told.
  begun.push(oncall, response, alerting);
  return {
    stop: async () => {
      for (const one of begun) await one.stop();
    },
  };
}
