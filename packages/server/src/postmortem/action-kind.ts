/** What catches a leak, and so what can prove that an action item is done. */
export const actionKinds = ['lint', 'test', 'soak', 'alert'] as const;

/** A lint rule (`ebb review`), a memory test (`ebb test`), a soak test (`ebb soak`), or an alert. */
export type ActionKind = (typeof actionKinds)[number];
