/** How urgent: `page` wakes somebody up, `warning` is for today, `notice` for this week. */
export type Level = 'notice' | 'warning' | 'page';
