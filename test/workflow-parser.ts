/** GitHub's own reader of actions and workflows. It imports JSON as bundlers do, which Node.js takes with an attribute only. */
import { registerHooks } from 'node:module';

const hooks = registerHooks({
  load: (url, context, nextLoad) =>
    nextLoad(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context),
});
export const { NoOperationTraceWriter, parseWorkflow } = await import('@actions/workflow-parser');
export const { parseAction } = await import('@actions/workflow-parser/actions/index');
hooks.deregister();
