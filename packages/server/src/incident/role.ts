/**
 * Who does what in an incident, by the names that Google and PagerDuty have for it: one leads, one works on the system, one
 * tells others, one writes down.
 */
export const incidentRoles = ['commander', 'operations', 'communications', 'scribe'] as const;

/** A role in an incident. */
export type IncidentRole = (typeof incidentRoles)[number];

/** The roles as a person reads them. */
export const roleWords: Readonly<Record<IncidentRole, string>> = {
  commander: 'incident commander',
  operations: 'operations lead',
  communications: 'communications lead',
  scribe: 'scribe',
};
