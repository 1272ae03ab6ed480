import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** Folders of the Web Platform Tests that have tests for what a function sees. */
const FOLDERS = [
  'url',
  'encoding',
  'fetch/api/headers',
  'fetch/api/request',
  'fetch/api/response',
  'streams',
  'WebCryptoAPI',
  'html/webappapis/structured-clone',
  'html/webappapis/timers',
  'html/webappapis/microtask-queuing',
  'html/webappapis/atob',
  'console',
  'dom/abort',
  'dom/events',
  'webidl/ecmascript-binding/es-exceptions',
  'FileAPI/blob',
  'FileAPI/file',
  'urlpattern',
  'hr-time',
  'compression',
] as const;

export interface WptOptions {
  /** The checkout of the Web Platform Tests. */
  readonly root: string;
  /** Folders or files of it to run, or to begin with. */
  readonly folders: readonly string[];
  readonly expectations: string;
  readonly json: boolean;
  /** Each subtest that fails, with its message. */
  readonly verbose: boolean;
}

export const USAGE = `npm run test:wpt -- DIR [--only FOLDER|FILE]… [--expectations FILE] [--json] [--verbose]`;

/** @returns `undefined` when the checkout is not named, or help is asked for. @throws for an unknown option */
export function readOptions(args: readonly string[]): WptOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      only: { type: 'string', multiple: true },
      expectations: { type: 'string' },
      help: { type: 'boolean' },
      json: { type: 'boolean' },
      verbose: { type: 'boolean' },
    },
  });
  const [root] = positionals;
  if (root === undefined || values.help === true) return undefined;
  return {
    root,
    folders: values.only ?? FOLDERS.filter((folder) => existsSync(join(root, folder))),
    expectations: values.expectations ?? new URL('expectations.json', import.meta.url).pathname,
    json: values.json === true,
    verbose: values.verbose === true,
  };
}
