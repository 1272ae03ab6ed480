import { posix } from 'node:path';
import type { ImportSite } from './imports.ts';
import { lineAt, type SourceFile, scanSource } from './scan-source.ts';
import type { Violation } from './violation.ts';

interface PackageRule {
  readonly rule: string;
  readonly packages: RegExp;
  readonly allowed: RegExp;
  readonly where: string;
}

/** Packages that only some places may import. */
const PACKAGE_RULES: readonly PackageRule[] = [
  {
    rule: 'isolated-vm',
    packages: /^isolated-vm(?:\/|$)/,
    allowed: /^src\/runtime\/isolate\//,
    where: 'src/runtime/isolate',
  },
  {
    rule: 'nats-client',
    packages: /^@nats-io\//,
    allowed:
      /^src\/(?:hostservices\/(?:[^/]+\/provider[^/]*|index|provision)\.ts$|(?:triggers|control|cell|host|measure)\/)/,
    where: 'the providers and registries of host services, triggers, control, cell, host and measure',
  },
  {
    rule: 'opentelemetry',
    packages: /^@opentelemetry\//,
    allowed: /^src\/host\/telemetry\//,
    where: 'src/host/telemetry',
  },
];

interface TextRule {
  readonly rule: string;
  readonly pattern: RegExp;
  readonly applies: (path: string) => boolean;
  readonly message: string;
}

/** Files that use the system's time although tests control the time of their folder, each with its reason. */
export const CLOCK_EXCEPTIONS: Readonly<Record<string, string>> = {
  'src/core/clock.ts': 'it is the clock',
};

const TEXT_RULES: readonly TextRule[] = [
  {
    rule: 'environment',
    pattern: /\bprocess\s*(?:\?\.|\.)\s*env\b/g,
    applies: (path) => !/^src\/cli\/|\/(?:options|environment)\.ts$/.test(path),
    message: 'process.env is read in src/cli and in files named options.ts or environment.ts only',
  },
  {
    rule: 'clock',
    pattern: /\bDate\s*\.\s*now\b|(?<![\w$.])(?:setTimeout|setInterval)\b/g,
    applies: (path) => /^src\/(?:core|control|host)\//.test(path) && !(path in CLOCK_EXCEPTIONS),
    message: 'Time comes from the Clock here, so that tests can control it',
  },
];

/** Guest files: plain scripts that run inside the isolate. */
export function isGuestFile(path: string): boolean {
  return /^src\/(?:runtime\/guest\/[^/]+|hostservices\/[^/]+\/guest)\.js$/.test(path);
}

/** Where a package, a guest import or a computed import is not allowed. */
export function checkImportPlace(site: ImportSite): readonly Violation[] {
  const { from, line, specifier, target } = site;
  const violations: Violation[] = [];
  const report = (rule: string, message: string): void => {
    violations.push({ rule, file: from, line, message });
  };
  if (isGuestFile(from)) report('guest', 'A guest file imports nothing');
  if (from.startsWith('src/')) {
    if (specifier === undefined)
      report('computed-import', 'A computed import cannot be checked; write the path out');
    for (const { rule, packages, allowed, where } of PACKAGE_RULES) {
      if (specifier !== undefined && packages.test(specifier) && !allowed.test(from)) {
        report(rule, `"${specifier}" is imported in ${where} only`);
      }
    }
    if (specifier === 'node:timers/promises' || specifier === 'node:timers') {
      report('clock', 'Timers come from the Clock or from the globals');
    }
  }
  if (/^bin\/[^/]+\.js$/.test(from) && specifier !== undefined) {
    const isPlain = specifier.startsWith('node:') || /^bin\/[^/]+\.js$/.test(target ?? '');
    if (!isPlain)
      report('launcher', `The launcher runs before anything is installed; it cannot import "${specifier}"`);
  }
  if (from.startsWith('examples/') && target !== undefined) {
    const home = from.split('/').slice(0, 2).join('/');
    if (!`${target}/`.startsWith(`${home}/`))
      report('example', `An example stands alone; it cannot import "${target}"`);
  }
  if (from.startsWith('examples/') && /^hairspring(?!\/guest$)/.test(specifier ?? '')) {
    report('example', 'An example uses nothing of ours but "hairspring/guest"');
  }
  return violations;
}

/** What may not be written in some files. */
export function checkText(file: SourceFile): readonly Violation[] {
  if (!file.path.startsWith('src/')) return [];
  const { code } = scanSource(file.text);
  return TEXT_RULES.filter(({ applies }) => applies(file.path)).flatMap(({ rule, pattern, message }) =>
    [...code.matchAll(pattern)].map((match) => ({
      rule,
      file: file.path,
      line: lineAt(file.text, match.index),
      message: `${message} (${posix.basename(file.path)} has "${match[0]}")`,
    })),
  );
}
