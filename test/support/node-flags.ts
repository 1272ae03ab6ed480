/** Node's flags for a program that a test starts, so that it runs the same code as the test. */
export const NODE_FLAGS: readonly string[] = process.execArgv.filter((flag) =>
  flag.endsWith('/compiled-sources.js'),
);
