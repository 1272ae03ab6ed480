import type { NatsEndpoint } from '../../core/index.ts';
import type { ControlConnection } from '../shell/connection.ts';
import type { CliEnvironment } from '../shell/environment.ts';
import type { GlobalOptions } from '../shell/global-options.ts';

/** `warn` is worth knowing and no failure; `skip` could not be looked at because of a failure before it. */
export type CheckStatus = 'pass' | 'warn' | 'fail' | 'skip';

export interface CheckResult {
  readonly name: string;
  readonly status: CheckStatus;
  readonly detail: string;
  /** What to do, where there is something to do. */
  readonly remedy?: string;
}

/** What checks look at. */
export interface CheckContext {
  readonly env: CliEnvironment;
  readonly options: GlobalOptions;
  readonly endpoint: NatsEndpoint | undefined;
  /** Absent when NATS cannot be reached. */
  readonly connection: ControlConnection | undefined;
}

/** A result without its name. */
export type Finding = Omit<CheckResult, 'name'>;

export function pass(detail: string): Finding {
  return { status: 'pass', detail };
}

export function warn(detail: string, remedy: string): Finding {
  return { status: 'warn', detail, remedy };
}

export function fail(detail: string, remedy: string): Finding {
  return { status: 'fail', detail, remedy };
}

export function skip(detail: string): Finding {
  return { status: 'skip', detail };
}
