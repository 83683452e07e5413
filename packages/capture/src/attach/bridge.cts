/**
 * Loaded in the process that is attached to: an expression of the inspector may `require` a file, but not `import` one.
 */
(exports as Record<string, unknown>)['load'] = async () => await import('../capture-snapshot.ts');
