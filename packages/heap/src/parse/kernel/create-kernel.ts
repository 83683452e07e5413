import type { Kernel } from './kernel.ts';
import { ScriptKernel } from './script-kernel.ts';
import { WasmKernel } from './wasm-kernel.ts';

/** The fastest kernel that runs here and knows that many types of edges. */
export function createKernel(edgeTypeCount: number): Kernel {
  return WasmKernel.create(edgeTypeCount) ?? new ScriptKernel();
}
