/** `@ebb/eslint-plugin`: memory leaks of servers, found while they are written. For ESLint 9 and 10 (flat configuration). */
import type { TSESLint } from '@typescript-eslint/utils';
import { presetsOf, type Preset, type Presets } from './presets.ts';
import { rules } from './rules/all.ts';

/** The plugin: its rules and its presets. */
export interface EbbPlugin {
  readonly meta: { readonly name: string; readonly version: string; readonly namespace: string };
  readonly rules: Record<string, TSESLint.LooseRuleDefinition>;
  readonly configs: Presets;
}

const meta = { name: '@ebb/eslint-plugin', version: '0.1.0', namespace: 'ebb' };

/** What `plugins: { ebb }` of an ESLint configuration takes. */
const plugin: EbbPlugin = { meta, rules, configs: presetsOf({ meta, rules }) };

export default plugin;
export { fingerprintIn, fingerprintOf, OF_TIMERS, unitOf, type LeakIdentity } from './identity/fingerprint.ts';
export type { Preset, Presets };
export { stateOf, type FileState, type KeptCollection, type KeptListeners, type Spot } from './state/file-state.ts';
