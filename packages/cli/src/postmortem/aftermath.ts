/** `ebb postmortem items`, `add`, `change`, `drop`, `review`: what comes after, from the shell. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { moment } from '../remote/moment.ts';
import { addServerOptions, serverOf, type ServerFlags } from '../remote/server-flags.ts';
import { wholeNumber } from '../remote/whole-number.ts';
import { printable } from '../wording/printable.ts';

interface Flags extends ServerFlags {
  json?: boolean;
}

interface Item {
  id: number;
  incidentId: number;
  kind: string;
  title: string;
  fingerprint: string | null;
  owner: string;
  dueMs: number;
  state: string;
  proof: string | null;
}

interface ItemFlags extends Flags {
  owner?: string;
  due?: number;
  tracker?: string;
  fingerprint?: string;
}

interface ReviewFlags extends Flags {
  at?: number;
  minutes?: number;
  invite?: string[];
  drop?: string;
}

interface Review {
  startsMs: number;
  minutes: number;
  attendees: string[];
  droppedWhy: string | null;
}

/** Prints an answer: as JSON where the flags say so, or as text. */
export type Print = (flags: Flags, answer: unknown, text: string) => void;

/** The commands. */
export function aftermathCommands(print: Print): Command[] {
  const sub = (name: string, summary: string): Command =>
    addServerOptions(new Command(name).summary(summary).description(summary)).option(
      '--json',
      'print the answer of the server as one JSON document',
    );
  const withItem = (command: Command): Command =>
    command
      .option('--owner <NAME>', 'who does it: a person of the on-call plan, an address, or any name')
      .addOption(new Option('--due <DATE>', 'until the end of that day (UTC), such as 2026-12-31').argParser(endOfDay))
      .option('--tracker <URL>', 'where it is tracked');
  const bodyOf = ({ owner, due, tracker, fingerprint }: ItemFlags): object => ({
    ...(owner === undefined ? {} : { owner }),
    ...(due === undefined ? {} : { dueMs: due }),
    ...(tracker === undefined ? {} : { trackerUrl: tracker === '' ? null : tracker }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
  });
  const items = sub('items', 'action items that are open, or those of an incident')
    .argument('[ID]', "the incident's number", wholeNumber)
    .action(async (id: number | undefined, flags: Flags) => {
      const path = id === undefined ? '/api/v1/action-items' : `/api/v1/incidents/${id}/postmortem/action-items`;
      const answer = (await serverOf(flags).get(path)) as Item[];
      print(flags, answer, answer.length === 0 ? 'there is none' : answer.map(lineOf).join('\n'));
    });
  const add = withItem(sub('add', 'add an action item: what is to catch the leak from now on'))
    .argument('<ID>', "the incident's number", wholeNumber)
    .argument('<KIND>', 'what proves it: lint, test, soak or alert')
    .argument('<TITLE>', 'what is to be done')
    .option('--fingerprint <TEXT>', "of the leak; default: that of the incident's")
    .action(async (id: number, kind: string, title: string, flags: ItemFlags) => {
      const path = `/api/v1/incidents/${id}/postmortem/action-items`;
      const answer = (await serverOf(flags).send('POST', path, { kind, title, ...bodyOf(flags) })) as { id: number };
      print(flags, answer, `action item ${answer.id} of incident ${id}`);
    });
  const change = withItem(sub('change', 'change who has an action item, until when, or where it is tracked'))
    .argument('<ITEM>', "the action item's number", wholeNumber)
    .action(async (item: number, flags: ItemFlags) => {
      const answer = await serverOf(flags).send('PATCH', `/api/v1/action-items/${item}`, bodyOf(flags));
      print(flags, answer, `action item ${item} is changed`);
    });
  const drop = sub('drop', 'give an action item up')
    .argument('<ITEM>', "the action item's number", wholeNumber)
    .requiredOption('--why <REASON>', 'why')
    .action(async (item: number, { why, ...flags }: Flags & { why: string }) => {
      const answer = await serverOf(flags).send('POST', `/api/v1/action-items/${item}/drop`, { why });
      print(flags, answer, `action item ${item} is dropped`);
    });
  const review = sub('review', 'say when the review is, within seven days, and whom to invite; drop it; or tell it')
    .argument('<ID>', "the incident's number", wholeNumber)
    .addOption(new Option('--at <TIME>', 'when, such as 2026-11-24T10:00Z').argParser(moment))
    .addOption(new Option('--minutes <N>', 'how long').argParser(wholeNumber))
    .option(
      '--invite <ADDRESS...>',
      'whom to invite, by mail where the on-call plan names a mail server; default: those who are invited already',
    )
    .addOption(new Option('--drop <REASON>', 'it does not take place: who was invited gets a mail').conflicts('at'))
    .action(async (id: number, flags: ReviewFlags) => {
      const server = serverOf(flags);
      const path = `/api/v1/incidents/${id}/postmortem/review`;
      if (flags.drop !== undefined) await server.send('POST', `${path}/drop`, { why: flags.drop });
      if (flags.at !== undefined)
        await server.send('PUT', path, {
          startsMs: flags.at,
          ...(flags.minutes === undefined ? {} : { minutes: flags.minutes }),
          ...(flags.invite === undefined ? {} : { attendees: flags.invite.flatMap((one) => one.split(',')) }),
        });
      const answer = (await server.get(path)) as { review: Review | null };
      print(flags, answer, reviewText(answer.review));
    });
  return [items, add, change, drop, review];
}

function lineOf({ id, incidentId, state, kind, title, owner, dueMs, fingerprint, proof }: Item): string {
  const who = owner === '' ? 'nobody has it' : owner;
  const until = new Date(dueMs).toISOString().slice(0, 10);
  const about = fingerprint === null ? '' : `, ${fingerprint}`;
  const ended = proof === null ? '' : `: ${proof}`;
  return printable(
    `${String(id).padStart(4)}  ${state}  until ${until}  ${title} (incident ${incidentId}, ${kind}, ${who}${about})${ended}`,
  );
}

function reviewText(review: Review | null): string {
  if (review === null) return 'nobody has said when it is';
  const when = new Date(review.startsMs).toISOString().slice(0, 16).replace('T', ' ');
  const invited = review.attendees.length === 0 ? '' : `; invited: ${review.attendees.join(', ')}`;
  const dropped = review.droppedWhy === null ? '' : `; it is dropped: ${review.droppedWhy}`;
  return printable(`the review is at ${when} UTC, ${review.minutes} minutes${invited}${dropped}`);
}

/** Milliseconds since 1970, at the end of a day. */
function endOfDay(value: string): number {
  const timeMs = /^\d{4}-\d\d-\d\d$/.test(value) ? Date.parse(`${value}T23:59:00Z`) : NaN;
  if (Number.isNaN(timeMs)) throw new InvalidArgumentError('It is a date such as 2026-12-31.');
  return timeMs;
}
