/**
 * Loaded in a process that `ebb watch --pid` attaches to: an expression of the inspector may `require` a file, but not
 * `import` one.
 */
(exports as Record<string, unknown>)['load'] = async () => await import('./host/attached-agent.ts');
