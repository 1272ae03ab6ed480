import { formatGoDuration, type WorkloadSummary } from '../control/index.ts';
import {
  type FunctionDefinition,
  type FunctionStats,
  type HairspringError,
  type UnusualState,
  WORKLOAD_METADATA,
} from '../core/index.ts';

/** Why a function is not served as others are. */
export interface Hindrance {
  readonly state: UnusualState;
  readonly reason: string;
  /** What went wrong, of one that waits. */
  readonly error?: HairspringError;
}

export function remedyOf(error: HairspringError): string {
  return error.hint ?? error.info.remedy;
}

/** A function as `WPING` lists it; `stats` are missing where no cell has it. */
export function workloadSummary(
  definition: FunctionDefinition,
  stats: FunctionStats | undefined,
  hindrance: Hindrance | undefined,
): WorkloadSummary {
  const serving = stats?.state === 'warm' ? 'warm' : 'running';
  return {
    id: definition.id,
    name: definition.name,
    namespace: definition.namespace,
    workload_type: definition.type,
    workload_lifecycle: 'function',
    workload_state: isServed(hindrance) ? serving : 'error',
    start_time: definition.deployedAt,
    runtime: formatGoDuration(stats?.busyMs ?? 0),
    tags: definition.tags,
    metadata: {
      ...definition.metadata,
      [WORKLOAD_METADATA.version]: definition.version,
      [WORKLOAD_METADATA.triggers]: definition.triggers.map(({ pattern }) => pattern).join(', '),
      [WORKLOAD_METADATA.invocations]: String(stats?.invocations ?? 0),
      [WORKLOAD_METADATA.errors]: String(stats?.errors ?? 0),
      ...(hindrance === undefined ? {} : { [WORKLOAD_METADATA[hindrance.state]]: hindrance.reason }),
      ...(hindrance?.error === undefined
        ? {}
        : {
            [WORKLOAD_METADATA.waitingCode]: hindrance.error.code,
            [WORKLOAD_METADATA.waitingRemedy]: remedyOf(hindrance.error),
          }),
    },
  };
}

function isServed(hindrance: Hindrance | undefined): boolean {
  return hindrance === undefined || hindrance.state === 'quarantined';
}
