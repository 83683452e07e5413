/** Keys of letters: what they are about stands in them, and the same letter has the same one. */

/** Of an invitation: the incident, and how often its review was moved. */
export const reviewKey = {
  write: ({ incidentId, openedMs, sequence }: { incidentId: number; openedMs: number; sequence: number }): string =>
    `ebb-review-${incidentId}-${openedMs.toString(36)}-${sequence}`,
  read: (key: string): { incidentId: number; sequence: number } | null => {
    const [, incidentId, sequence] = /^ebb-review-(\d+)-[a-z0-9]+-(\d+)$/.exec(key) ?? [];
    return sequence === undefined ? null : { incidentId: Number(incidentId), sequence: Number(sequence) };
  },
};

/** Of what takes an invitation back: the incident, and the change of the review that did. */
export const cancellationKey = {
  write: ({ incidentId, openedMs, sequence }: { incidentId: number; openedMs: number; sequence: number }): string =>
    `ebb-review-cancelled-${incidentId}-${openedMs.toString(36)}-${sequence}`,
  read: (key: string): { incidentId: number; sequence: number } | null => {
    const [, incidentId, sequence] = /^ebb-review-cancelled-(\d+)-[a-z0-9]+-(\d+)$/.exec(key) ?? [];
    return sequence === undefined ? null : { incidentId: Number(incidentId), sequence: Number(sequence) };
  },
};

/** Of a reminder: the incident, the item, and when it was written. */
export const itemKey = {
  write: ({ incidentId, itemId, nowMs }: { incidentId: number; itemId: number; nowMs: number }): string =>
    `ebb-item-${incidentId}-${itemId}-${nowMs.toString(36)}`,
  read: (key: string): { incidentId: number; itemId: number } | null => {
    const [, incidentId, itemId] = /^ebb-item-(\d+)-(\d+)-[a-z0-9]+$/.exec(key) ?? [];
    return itemId === undefined ? null : { incidentId: Number(incidentId), itemId: Number(itemId) };
  },
};
