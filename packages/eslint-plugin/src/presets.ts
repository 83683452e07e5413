/** Which rules a preset switches on, and with which options. */
/** One preset: what stands in the list of a flat configuration. Its types are ESLint's own, of every version. */
export interface Preset {
  readonly name: string;
  readonly plugins: Record<string, object>;
  readonly rules: RuleEntries;
}

/** The presets of the plugin, as configurations of ESLint 9 and 10. */
export interface Presets {
  /** What is beyond doubt. */
  readonly recommended: Preset;
  /** `recommended`, and what is worth a second look. */
  readonly strict: Preset;
}

type RuleEntries = Record<string, 'error' | ['error', object]>;

const RECOMMENDED: RuleEntries = {
  'ebb/no-abort-listener-leak': 'error',
  'ebb/no-cache-without-bound': 'error',
  'ebb/no-listener-per-request': 'error',
  'ebb/no-memory-session-store': 'error',
  'ebb/no-module-children-leak': 'error',
  'ebb/no-race-with-long-lived-promise': 'error',
  'ebb/no-recursive-promise-chain': 'error',
  'ebb/no-stale-key': 'error',
  'ebb/no-unbounded-collection': 'error',
  'ebb/no-unbounded-metric-label': 'error',
  'ebb/no-uncleared-interval': 'error',
  'ebb/no-unclosed-resource': 'error',
};

/** Both presets, with the plugin that they configure. */
export function presetsOf(plugin: object): Presets {
  const plugins = { ebb: plugin };
  return {
    recommended: { name: 'ebb/recommended', plugins, rules: RECOMMENDED },
    strict: {
      name: 'ebb/strict',
      plugins,
      rules: {
        ...RECOMMENDED,
        'ebb/no-listener-per-request': ['error', { constructors: true }],
        'ebb/no-unbounded-collection': ['error', { arrays: true }],
      },
    },
  };
}
