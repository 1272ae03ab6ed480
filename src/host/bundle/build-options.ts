import type { BuildOptions } from 'esbuild';
import { MODULE_GLOBAL } from '../../core/index.ts';

/** The newest target that esbuild's tables and every V8 14 agree on; decorators are compiled, `using` is not. */
const TARGET = 'chrome140';

/**
 * What every build has in common: one classic script for V8 14 that leaves its exports in a global, and a
 * source map with the sources in it. Paths are relative to the working folder, so that the same sources
 * give the same bytes wherever they are.
 */
export const BUILD_OPTIONS = {
  bundle: true,
  write: false,
  metafile: true,
  outfile: 'function.js',
  format: 'iife',
  globalName: MODULE_GLOBAL,
  platform: 'neutral',
  mainFields: ['module', 'main'],
  conditions: ['worker', 'module'],
  target: TARGET,
  define: { 'process.env.NODE_ENV': '"production"' },
  charset: 'utf8',
  legalComments: 'none',
  sourcemap: 'external',
  sourcesContent: true,
  logLevel: 'silent',
} as const satisfies BuildOptions;
