import { escalationSection as escalation } from '../escalation-section.ts';
import type { IncidentSection } from './section.ts';

/** Who is paged, and who has acknowledged. */
export const escalationSection: IncidentSection = async ({ context, incident, mayAct, nowMs }) =>
  escalation({
    incidentId: incident.id,
    isOpen: incident.resolved_ms === null,
    found: await context.responders.escalationOf(incident.id),
    mayAct,
    nowMs,
  });
