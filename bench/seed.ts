import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { nuid } from '@nats-io/nuid';
import { type FunctionDefinition, isSubjectTrigger, NODE_BUCKETS } from '../src/core/index.ts';
import type { Site } from './bench-run.ts';
import { NAMESPACE } from './deploy.ts';

const AT_ONCE = 256;

/** A copy of a deployed function: the same artifact under another name and subject. */
export interface Copy {
  readonly name: string;
  readonly subject: string;
}

/**
 * Writes copies of a deployed function into the nodes' bucket, as the control plane would have after deploying each:
 * the same records, with ids of their own. A node finds them at its next start, or within seconds while it runs.
 */
export async function seedCopies(site: Site, original: string, copies: readonly Copy[]): Promise<void> {
  const nc = await site.connectAsNode();
  await using _closed = { [Symbol.asyncDispose]: () => nc.close() };
  const kv = await new Kvm(nc).open(NODE_BUCKETS.definitions);
  const entry = await kv.get(`${NAMESPACE}.${original}`);
  if (entry === null) throw new Error(`Nothing is deployed as ${original}`);
  const definition = entry.json<FunctionDefinition>();
  const trigger = definition.triggers.find(isSubjectTrigger);
  if (trigger === undefined) throw new Error(`${original} listens on no subject`);
  const js = jetstream(nc);
  const queue = copies.values();
  const writeNext = async (): Promise<void> => {
    for (const { name, subject } of queue) {
      const record: FunctionDefinition = {
        ...definition,
        id: nuid.next(),
        name,
        triggers: [{ ...trigger, pattern: subject, subject }],
        runRequest: definition.runRequest.replaceAll(trigger.subject, subject),
      };
      await js.publish(`$KV.${NODE_BUCKETS.definitions}.${NAMESPACE}.${name}`, JSON.stringify(record));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, writeNext));
}
