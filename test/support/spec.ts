/** What a cell is told of a function, for tests of its parts. */
import assert from 'node:assert/strict';
import {
  type Binding,
  DEFAULT_LIMITS,
  type FunctionDefinition,
  type FunctionLimits,
  type FunctionSpec,
  parseSubjectPattern,
  type SubjectTrigger,
} from '../../src/core/index.ts';

/** Wide enough that a machine with other work to do does not look like a function that loops. */
export const CALM_LIMITS: FunctionLimits = {
  ...DEFAULT_LIMITS,
  timeoutMs: 10_000,
  cpuMs: 1_000,
  memoryBytes: 32 * 1024 ** 2,
};

export function subjectTrigger(pattern: string, fanout = false): SubjectTrigger {
  const parsed = parseSubjectPattern(pattern);
  assert.ok(typeof parsed !== 'string', String(parsed));
  return { kind: 'subject', ...parsed, fanout };
}

export interface SpecOptions {
  readonly name?: string;
  /** @default javascript */
  readonly type?: FunctionSpec['type'];
  readonly triggers?: readonly string[];
  readonly bindings?: Readonly<Record<string, Binding>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly limits?: Partial<FunctionLimits>;
}

export function createSpec(options: SpecOptions = {}): FunctionSpec {
  const {
    name = 'probe',
    triggers = ['probe.{key}'],
    bindings = {},
    environment = {},
    limits,
    type = 'javascript',
  } = options;
  return {
    id: `id-${name}`,
    namespace: 'default',
    name,
    type,
    version: '000000000001',
    artifact: { digest: '0'.repeat(64), bytes: 0 },
    triggers: triggers.map((pattern) => subjectTrigger(pattern)),
    bindings,
    environment,
    limits: { ...CALM_LIMITS, ...limits },
  };
}

/** The same as it is stored. */
export function createDefinition(options: SpecOptions = {}): FunctionDefinition {
  return {
    ...createSpec(options),
    format: 1,
    description: '',
    tags: {},
    metadata: {},
    deployedAt: '2026-01-01T00:00:00.000Z',
    runRequest: '{}',
  };
}
