import {
  type Clock,
  DEFAULT_LIMITS,
  type FunctionSpec,
  HairspringError,
  type Invocation,
  MODULE_GLOBAL,
  SilentObserver,
} from '../core/index.ts';
import {
  ByteBudget,
  DeadlineSweeper,
  FunctionRunner,
  type HeavyLane,
  type IsolatePool,
  type Scheduler,
} from '../runtime/index.ts';

/** So often a function is woken, and so often it is called each time: V8 compiles what it has seen a few times. */
const WAKES = 2;
const CALLS = 4;
const CODE = `var ${MODULE_GLOBAL} = { default: { message: async (msg) => msg.text() } };`;

const SPEC: FunctionSpec = {
  id: 'rehearsal',
  namespace: '',
  name: 'rehearsal',
  type: 'javascript',
  version: '',
  artifact: { digest: '', bytes: 0 },
  triggers: [],
  bindings: {},
  environment: {},
  limits: DEFAULT_LIMITS,
};

export interface RehearsalMeans {
  readonly pool: IsolatePool;
  readonly scheduler: Scheduler;
  readonly heavyLane: HeavyLane;
  readonly inlineCpuMs: number;
  readonly clock: Clock;
}

/**
 * Has a function woken and called the way in which messages will do it, while the cell has nothing else to
 * do: what is left to compile on the way would cost the first caller milliseconds.
 * @throws what the function's invocation fails with
 */
export async function rehearse(means: RehearsalMeans): Promise<void> {
  const sweeper = new DeadlineSweeper(means.clock);
  for (let wake = 0; wake < WAKES; wake += 1) {
    const runner = new FunctionRunner(SPEC, new Map(), {
      ...means,
      sweeper,
      journal: UNWRITTEN,
      observer: new SilentObserver(),
      backlog: new ByteBudget(DEFAULT_LIMITS.payloadBytes),
      readCode: () => CODE,
      mapStack: (_spec, stack) => stack,
    });
    try {
      for (let call = 0; call < CALLS; call += 1) await answered((invocation) => runner.accept(invocation));
    } finally {
      runner.dispose(new HairspringError('HS_DRAINING', 'The rehearsal is over'));
    }
  }
}

const UNWRITTEN = {
  enter: () => undefined,
  leave: () => undefined,
  enterHeavy: () => undefined,
  leaveHeavy: () => undefined,
};

function answered(accept: (invocation: Invocation) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    accept({
      triggerIndex: 0,
      subject: 'rehearsal',
      reply: '',
      headers: undefined,
      data: new Uint8Array(1),
      succeed: () => resolve(),
      fail: (error: HairspringError) => reject(error),
    });
  });
}
