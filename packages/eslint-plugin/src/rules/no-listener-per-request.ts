import { AST_NODE_TYPES as T } from '@typescript-eslint/utils';
import { importedAs, nameOfSelf } from '../code/bindings.ts';
import { indexOf } from '../code/file-index.ts';
import { isFunction, terminalName, wrapped } from '../code/nodes.ts';
import { isProcess, scopeOfEmitter } from '../listener/emitters.ts';
import { isForgotten } from '../listener/forgotten.ts';
import { heldByConstructor, isMadeByOthers, isMadePerRequest } from '../listener/in-constructor.ts';
import { isPerRequest, isRemovedOnOneWay, usesRequest } from '../listener/per-request.ts';
import { endsBySignal, isRemoved, registrationsIn, removalsIn, type Registration } from '../listener/registrations.ts';
import { waitsOnReusedSocket } from '../listener/reused-socket.ts';
import { isSettling } from '../listener/settling.ts';
import { subscriptionsPerRequest } from '../listener/subscriptions.ts';
import { createRule, report, type Rule } from '../rule.ts';

/** What can be configured. */
export interface ListenerPerRequestOptions {
  /** Modules whose default export, or any export, registers a function to run when the process ends. */
  readonly exitHooks?: readonly string[];
  /** Constructors of exported classes that listen to `process`, too, where the file does not show who makes instances. */
  readonly constructors?: boolean;
}

type Messages = 'perRequest' | 'exitHook' | 'settles' | 'forgotten' | 'reusedSocket' | 'subscription' | 'instance';
type Options = [ListenerPerRequestOptions];

const EXIT_HOOKS = [
  'signal-exit',
  'exit-hook',
  'async-exit-hook',
  'node-cleanup',
  'death',
  'when-exit',
  'on-process-exit',
];

/** Listeners that work for one request, or one call, adds to what lives as long as the process, and nobody takes off. */
export const noListenerPerRequest: Rule<Messages, Options> = createRule<Options, Messages>({
  name: 'no-listener-per-request',
  meta: {
    type: 'problem',
    docs: {
      description: 'Disallow listeners that each request or call adds to a long-lived emitter and nothing removes',
      preset: 'recommended',
    },
    messages: {
      perRequest:
        "Each request adds a listener of '{{event}}' to {{emitter}}, which outlives it, and nothing takes it off. Remove it when the request is done (finally, or 'close' of the response), or listen once outside of the handler. (leak {{fingerprint}})",
      instance:
        "Each {{name}} adds a listener of '{{event}}' to {{emitter}} in its constructor, and nothing in this file takes it off: none of them is ever collected. Remove it in a method that ends the instance, and call that, or listen once for all of them. (leak {{fingerprint}})",
      exitHook:
        'Each request adds a function to what runs at the end of the process, and the request stays with it. Keep what this call returns and call it when the request is done, or register one hook outside of the handler. (leak {{fingerprint}})',
      settles:
        "This listener of '{{event}}' settles a promise and then stays on {{emitter}}. Take it off where it resolves, or use once(). (leak {{fingerprint}})",
      forgotten:
        "The listener of '{{event}}' takes the other one off that is added here with it, but is not taken off when that one is called, and stays on {{emitter}}. Remove it there. (leak {{fingerprint}})",
      reusedSocket:
        "'{{event}}' never comes on a socket that a keep-alive agent hands out again, so this listener stays on {{emitter}}, one for each request. Ask first: if (socket.connecting) socket.once('{{event}}', …), and do the work at once otherwise. (leak {{fingerprint}})",
      subscription:
        "Each request subscribes to something of {{emitter}}, which outlives it, and nothing in this file unsubscribes. Unsubscribe when the response is closed: res.on('close', …). (leak {{fingerprint}})",
    },
    schema: [
      {
        type: 'object',
        additionalProperties: false,
        properties: {
          exitHooks: { type: 'array', items: { type: 'string' }, uniqueItems: true },
          constructors: { type: 'boolean' },
        },
      },
    ],
    defaultOptions: [{}],
  },
  create(context, [options]) {
    const { sourceCode } = context;
    const exitHooks = new Set([...EXIT_HOOKS, ...(options.exitHooks ?? [])]);
    const found = (registration: Registration, messageId: Messages, name = ''): void => {
      const { call, emitter, event = 'event' } = registration;
      const scope = scopeOfEmitter(sourceCode, emitter);
      report(context, {
        node: call,
        messageId,
        data: { event, emitter: sourceCode.getText(emitter), name },
        leak: { scope, symbol: event, kind: 'listener' },
      });
    };
    const nameOfHeld = (registration: Registration): string => {
      const self = heldByConstructor(sourceCode, registration);
      return (self && nameOfSelf(self)) ?? 'instance';
    };
    const isPerInstance = (registration: Registration): boolean => {
      const self = heldByConstructor(sourceCode, registration);
      if (!self) return false;
      if (isMadePerRequest(sourceCode, self)) return true;
      return (
        options.constructors === true && isProcess(sourceCode, registration.emitter) && isMadeByOthers(sourceCode, self)
      );
    };
    return {
      'Program:exit'(): void {
        const removals = removalsIn(sourceCode);
        const registrations = registrationsIn(sourceCode);
        for (const registration of registrations) {
          if (isSettling(sourceCode, registration)) found(registration, 'settles');
          else if (waitsOnReusedSocket(sourceCode, registration)) found(registration, 'reusedSocket');
          else if (isRemoved(registration, removals) && !isRemovedOnOneWay(sourceCode, registration, removals))
            continue;
          else if (endsBySignal(registration)) continue;
          else if (isPerRequest(sourceCode, registration)) found(registration, 'perRequest');
          else if (isPerInstance(registration)) found(registration, 'instance', nameOfHeld(registration));
          else if (isForgotten(sourceCode, registration, registrations, removals)) found(registration, 'forgotten');
        }
        for (const { call, emitter } of subscriptionsPerRequest(sourceCode)) {
          const data = { emitter: sourceCode.getText(emitter) };
          const symbol = terminalName(emitter) ?? 'subscribe';
          const leak = { scope: scopeOfEmitter(sourceCode, emitter), symbol, kind: 'listener' } as const;
          report(context, { node: call, messageId: 'subscription', data, leak });
        }
        for (const call of indexOf(sourceCode).calls) {
          const from = importedAs(sourceCode, call.callee);
          if (!from || !exitHooks.has(from.module) || wrapped(call).parent?.type !== T.ExpressionStatement) continue;
          const hook = call.arguments.find((argument) => isFunction(argument));
          if (!hook || !usesRequest(sourceCode, hook)) continue;
          report(context, {
            node: call,
            messageId: 'exitHook',
            leak: { scope: 'module', symbol: 'exit', kind: 'listener' },
          });
        }
      },
    };
  },
});
