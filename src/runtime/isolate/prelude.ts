import { readFileSync } from 'node:fs';
import { SharedScript } from './shared-script.ts';

/** The guest scripts of the runtime, in the order in which they are joined. */
const RUNTIME_SCRIPTS = [
  'host.js',
  'codec.js',
  'memory.js',
  'slots.js',
  'outbox.js',
  'console.js',
  'web.js',
  'message.js',
  'requests.js',
  'calls.js',
  'dispatcher.js',
  'rehearse.js',
  'features.js',
] as const;

/** Web features, as `scripts/generate-web-features.ts` bundles them from `guest/web/`. */
const WEB_FEATURES = [
  'streams',
  'events',
  'console',
  'encoding',
  'url',
  'url-pattern',
  'base64',
  'performance',
  'clone',
  'text-streams',
  'blob',
  'fetch',
  'crypto',
] as const;

/** Those that an isolate gets when a function first needs them, as hardly any function does; with their globals. */
const LATE_FEATURES = {
  compression: ['CompressionStream', 'DecompressionStream'],
  'file-reader': ['FileReader', 'ProgressEvent'],
  'legacy-encoding': [],
} as const;
const lateScripts = new Map<string, string>();

/** @returns the script of a late feature, or `undefined` for anything else */
export function readLateFeature(name: unknown): string | undefined {
  const known = Object.keys(LATE_FEATURES).find((each) => each === name);
  if (known === undefined) return undefined;
  const script = lateScripts.get(known) ?? readGuest(`generated/${known}.js`);
  lateScripts.set(known, script);
  return script;
}

/** Those that WebAssembly functions need. */
export type ModuleFeature = 'functions' | 'wasi' | 'components';
const moduleScripts = new Map<string, SharedScript>();

/** A script that gives a function which takes the guest's `defineFeature`, the same one for the same features. */
export function moduleScript(features: readonly ModuleFeature[]): SharedScript {
  const key = features.join('+');
  const known = moduleScripts.get(key);
  if (known !== undefined) return known;
  const scripts = features.map((name) => readGuest(`generated/${name}.js`));
  const source = `(defineFeature) => {\n'use strict';\n${scripts.join('\n')}\n}`;
  const script = new SharedScript(source, `hairspring:${key}`);
  moduleScripts.set(key, script);
  return script;
}

/**
 * The prelude of every isolate: one function expression that takes the host's two functions and the shared marks,
 * sets up the globals and returns the door (`enter`) through which the host comes in.
 */
export function buildPrelude(serviceScripts: readonly string[]): string {
  const runtime = RUNTIME_SCRIPTS.map(readGuest);
  const features = WEB_FEATURES.map((name) => readGuest(`generated/${name}.js`));
  const late = Object.entries(LATE_FEATURES).map(
    ([name, globals]) => `announceFeature(${JSON.stringify(name)},${JSON.stringify(globals)});`,
  );
  const scripts = [...runtime, ...features, ...late, ...serviceScripts].map(withoutComments).join('\n');
  return `(function (hostSend, marks, hostDoor) {\n'use strict';\n${scripts}\nreturn enter;\n})`;
}

/**
 * Without lines that are comments, and without indentation: each isolate has a copy of the text. The guest scripts
 * have no text of several lines.
 */
function withoutComments(script: string): string {
  return script
    .replace(/^[ \t]*\/\*\*(?:(?!\*\/)[\s\S])*\*\/[ \t]*\n/gm, '')
    .replace(/^[ \t]*\/\/.*\n/gm, '')
    .replace(/\/\*\* @type \{[^\n]*?\} \*\/ ?(?=\()/g, '')
    .replace(/^[ \t]+/gm, '')
    .replace(/\n+/g, '\n');
}

function readGuest(path: string): string {
  return readFileSync(new URL(`../guest/${path}`, import.meta.url), 'utf8');
}
