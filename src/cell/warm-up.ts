import { DEFAULT_LIMITS, HairspringError, MODULE_GLOBAL } from '../core/index.ts';
import {
  BatchEncoder,
  type GuestRecord,
  type IsolatePool,
  readGuestBatch,
  scriptOf,
} from '../runtime/index.ts';

const ROUNDS = 2;
/** Code of Node that no process has used yet comes from disk, which takes far longer than a function may. */
const LIMIT_MS = 10_000;

/**
 * Runs a tiny function through an isolate twice before the cell is called ready: the
 * first invocation of a tenant then finds compiled code, and a cell whose isolates do not work fails
 * here and not on somebody's message.
 */
export function warmUp(pool: IsolatePool): void {
  for (let round = 0; round < ROUNDS; round += 1) {
    const isolate = pool.create(DEFAULT_LIMITS);
    try {
      const spec = {
        name: 'warm-up',
        namespace: '',
        triggers: [],
        environment: {},
        bindings: {},
        budgetMs: 5,
      };
      const isLast = round === ROUNDS - 1;
      const code = `var ${MODULE_GLOBAL} = { default: { message: async (msg) => msg.text() } };`;
      isolate.loadWithin(LIMIT_MS, scriptOf(code, 'warm-up.js'), spec);
      const encoder = new BatchEncoder();
      encoder.invoke(1, 0, 'warm.up', true, 0, undefined, new Uint8Array(1));
      const { outputs, fault } = isolate.run(encoder.take(), LIMIT_MS);
      const replies: GuestRecord[] = [];
      for (const { json, extras } of outputs) readGuestBatch(json, extras, (record) => replies.push(record));
      if (replies[0]?.kind !== 'reply') {
        throw new HairspringError(
          'HS_RUNTIME_MISSING',
          `An isolate does not answer${fault === undefined ? '' : ` (${fault.kind})`}`,
        );
      }
      if (isLast) pool.learnFrom(isolate);
    } finally {
      isolate[Symbol.dispose]();
    }
  }
}
