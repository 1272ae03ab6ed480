import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import packageJson from '../package.json' with { type: 'json' };
import type { Machine } from './results.ts';

const ROOT = new URL('../', import.meta.url);

function versionOf(dependency: string): string {
  const file = new URL(`node_modules/${dependency}/package.json`, ROOT);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}

function git(...args: readonly string[]): string | undefined {
  try {
    const stdio: 'ignore'[] = ['ignore'];
    return execFileSync('git', args, {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: [...stdio, 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}

function commit(): string {
  const hash = git('rev-parse', '--short=12', 'HEAD');
  if (hash === undefined) return 'unknown';
  const changed = git('status', '--porcelain', '--', 'src', 'bench', 'package-lock.json');
  return changed === '' ? hash : `${hash} with changes`;
}

/** This machine and the versions of all that takes part. */
export function describeMachine(natsServer: string): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    platform: `${process.platform}-${process.arch}`,
    node: process.versions.node,
    v8: process.versions.v8,
    isolatedVm: versionOf('isolated-vm'),
    natsServer,
    natsClient: versionOf('@nats-io/nats-core'),
    hairspring: packageJson.version,
    commit: commit(),
  };
}
