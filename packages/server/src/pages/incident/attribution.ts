import { changesSection } from '../changes-section.ts';
import type { IncidentSection } from './section.ts';

/** Which change brought it. */
export const attributionSection: IncidentSection = async ({ context, incident }) =>
  changesSection(await context.attributions.find(incident.id));
