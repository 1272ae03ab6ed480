/** A host made of Node's worker threads: a worker for each tenant, made at its first request, and messages to and fro. */

import { Worker } from 'node:worker_threads';
import { connect, type Msg } from '@nats-io/transport-node';
import { childOptions, serveParent } from '../../src/measure/index.ts';
import { nameOf, workerThreadScript } from './scripts.ts';

export interface WorkerResponderOptions {
  readonly url: string;
  /** The last token of a subject is the tenant. */
  readonly prefix: string;
  readonly code: string;
  /** Whether requests of one read of the connection go to the worker in one message. */
  readonly batched: boolean;
}

/** A request to a worker, and its answer. */
interface Item {
  readonly id: number;
  readonly text: string;
}

/** As a host would limit what one tenant takes. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 64 };

const { url, prefix, code, batched } = childOptions<WorkerResponderOptions>();
const script = workerThreadScript(code);

class Tenant {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Msg>();
  #lastId = 0;
  #batch: Item[] = [];

  constructor(name: string) {
    this.#worker = new Worker(script + nameOf(name), { eval: true, resourceLimits: RESOURCE_LIMITS });
    this.#worker.on('message', (answers: readonly Item[]) => {
      for (const { id, text } of answers) {
        this.#waiting.get(id)?.respond(text);
        this.#waiting.delete(id);
      }
    });
  }

  ask(message: Msg): void {
    this.#lastId += 1;
    this.#waiting.set(this.#lastId, message);
    this.#batch.push({ id: this.#lastId, text: message.string() });
    if (!batched) this.#send();
    else if (this.#batch.length === 1) queueMicrotask(() => this.#send());
  }

  #send(): void {
    this.#worker.postMessage(this.#batch);
    this.#batch = [];
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

const tenants = new Map<string, Tenant>();
const nc = await connect({ servers: url });
nc.subscribe(`${prefix}.*`, {
  queue: 'bench',
  callback: (error, message) => {
    if (error !== null) return;
    const name = message.subject.slice(prefix.length + 1);
    let tenant = tenants.get(name);
    if (tenant === undefined) {
      tenant = new Tenant(name);
      tenants.set(name, tenant);
    }
    tenant.ask(message);
  },
});
await nc.flush();
serveParent({}, async () => {
  await nc.close();
  await Promise.all([...tenants.values()].map((tenant) => tenant.end()));
});
