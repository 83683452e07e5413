import { ServerError } from '../errors/server-error.ts';
import type { NewActionItem } from './aftermath.ts';
import type { PostmortemDesk } from './postmortem-desk.ts';

/** What people leave out of an action item. */
export type ToldItem = Pick<NewActionItem, 'kind' | 'title'> & Partial<NewActionItem>;

/** Four weeks, as Atlassian's priority actions have. */
const usualDueMs = 28 * 24 * 3_600_000;

/**
 * An action item with what is usual where nothing was said: the incident's leak, in four weeks, nobody's.
 *
 * @throws {ServerError} EBB_SERVER_BAD_REQUEST where no leak was found, and none is named
 */
export async function newItem(
  postmortems: PostmortemDesk,
  incidentId: number,
  told: ToldItem,
  nowMs: number,
): Promise<NewActionItem> {
  const { owner = '', dueMs = nowMs + usualDueMs, trackerUrl = null, ...rest } = told;
  const fingerprint = told.fingerprint ?? (await postmortems.read(incidentId)).document.fingerprint;
  if (fingerprint === null)
    throw new ServerError('EBB_SERVER_BAD_REQUEST', `no leak was found in incident ${incidentId}: name a fingerprint`);
  return { ...rest, fingerprint, owner, dueMs, trackerUrl };
}
