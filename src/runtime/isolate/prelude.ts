import { readFileSync } from 'node:fs';
import { SharedScript } from './shared-script.ts';

/** The guest scripts of the runtime, in the order in which they are joined. */
const RUNTIME_SCRIPTS = [
  'host.js',
  'codec.js',
  'memory.js',
  'finalizers.js',
  'slots.js',
  'outbox.js',
  'console.js',
  'web.js',
  'message.js',
  'requests.js',
  'calls.js',
  'loading.js',
  'answers.js',
  'records.js',
  'dispatcher.js',
  'rehearse.js',
  'features.js',
] as const;

/** Web features, as `scripts/generate-web-features.ts` bundles them from `guest/web/`, that every isolate begins with. */
const EARLY_FEATURES = ['events'] as const;

/** Those that an isolate gets when its function first uses one. */
const LATE_FEATURES = [
  'streams',
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
  'compression',
  'file-reader',
  'legacy-encoding',
] as const;
const lateScripts = new Map<string, SharedScript>();

/** @returns the script of a late feature, a function that takes the guest's `defineFeature`; undefined for anything else */
export function lateFeature(name: unknown): SharedScript | undefined {
  const known = LATE_FEATURES.find((each) => each === name);
  if (known === undefined) return undefined;
  let script = lateScripts.get(known);
  if (script === undefined) {
    script = scriptOfFeatures([known], `prelude/${known}`);
    lateScripts.set(known, script);
  }
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
  const script = scriptOfFeatures(features, key);
  moduleScripts.set(key, script);
  return script;
}

function scriptOfFeatures(features: readonly string[], name: string): SharedScript {
  const scripts = features.map(readFeature);
  return new SharedScript(
    `(defineFeature) => {\n'use strict';\n${scripts.join('\n')}\n}`,
    `hairspring:${name}`,
  );
}

function readFeature(name: string): string {
  return readGuest(`generated/${name}.js`);
}

/** What the guest is told of a feature before it has it. */
function announcementOf(name: string): string {
  const globals = /^defineFeature\("[^"]+",(\[[^\]]*\]),/.exec(readFeature(name))?.[1] ?? '[]';
  return `announceFeature(${JSON.stringify(name)},${globals});`;
}

/**
 * The prelude of every isolate: one function expression that takes the host's two functions and the shared marks,
 * sets up the globals and returns the door (`enter`) through which the host comes in.
 */
export function buildPrelude(serviceScripts: readonly string[]): string {
  const runtime = RUNTIME_SCRIPTS.map(readGuest);
  const features = EARLY_FEATURES.map(readFeature);
  const late = LATE_FEATURES.map(announcementOf);
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
