/** Whether a switch of the environment is on: `1`, `true` or `on`. */
export function isSwitchedOn(value: string | undefined): boolean {
  return /^(?:1|true|on)$/i.test(value?.trim() ?? '');
}
