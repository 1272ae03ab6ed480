import {
  CELL_INBOX,
  type Clock,
  type FunctionSpec,
  type NatsEndpoint,
  SYSTEM_NAMESPACE,
  type WorkloadCredential,
} from '../../core/index.ts';
import { bindingPermissions } from '../../hostservices/permissions.ts';
import type { CellAccess, CredentialReason } from './accounts.ts';
import type { Permissions } from './claims.ts';
import { controlSubjects } from './control-subjects.ts';
import type { Signer } from './signer.ts';
import { createUser } from './user.ts';

/** What an earlier version has begun has its time limit, and this. */
const REPLACED_GRACE_MS = 60_000;

/** Inboxes of functions; no cell may listen there. */
const WORKLOAD_INBOX = '_HSBOX';

const SERVER_SUBJECTS = ['$JS.>', '$KV.>', '$O.>', '$SYS.>', '$SRV.>', '$MQTT.>'];

/**
 * Not NATS's permission to respond: it lets one reply through for all messages that name the same reply subject,
 * and none to a message that another cell has received.
 */
const cellPermissions = (namespace: string): Permissions => ({
  publish: ['>'],
  subscribe: ['>'],
  denyPublish: [...SERVER_SUBJECTS, '$NEX.SVC.>'],
  denySubscribe: [
    ...SERVER_SUBJECTS,
    ...controlSubjects(namespace),
    `$NEX.SVC.${SYSTEM_NAMESPACE}.>`,
    '_INBOX.>',
    '_R_.>',
    `${WORKLOAD_INBOX}.>`,
  ],
});

export interface MinterOptions {
  readonly namespace: string;
  /** Public key of the account. */
  readonly account: string;
  /** Gives the key that signs for one cell. */
  readonly takeSigner: () => Signer;
  /** Where the account is; what else it has is not handed on. */
  readonly endpoint: Pick<NatsEndpoint, 'servers' | 'tlsCa' | 'tlsCert' | 'tlsKey'>;
  readonly clock: Clock;
  /** How long what is given to cells and functions is good for. */
  readonly lifetimeMs: number;
}

interface Given {
  readonly signer: Signer;
  readonly user: string;
  readonly untilMs: number;
  readonly publish: string;
  readonly credential: WorkloadCredential;
  /** How long the versions that have it may go on once another takes their place. */
  graceMs: number;
  isReplaced: boolean;
}

/** Makes the NATS users of one namespace, each with the least that its bearer needs. */
export class Minter {
  readonly #options: MinterOptions;
  readonly #byFunction = new Map<string, readonly Given[]>();

  constructor(options: MinterOptions) {
    this.#options = options;
  }

  /** How often it is renewed: what has begun over a connection has the other half to finish. */
  get renewMs(): number {
    return this.#options.lifetimeMs / 2;
  }

  /** What a cell is given has a signer of its own, so that the end of the cell is one change of the account. */
  forCell(cellId: string): CellAccess {
    const { takeSigner, clock } = this.#options;
    let signer = takeSigner();
    const worn = new Set<Signer>();
    const drop = (one: Signer): void => {
      worn.delete(one);
      this.#drop(one);
    };
    return {
      get isWorn() {
        return signer.isWorn();
      },
      connectAs: () => {
        if (signer.isWorn()) {
          worn.add(signer);
          signer = takeSigner();
        }
        return this.#connectAs(cellId, signer);
      },
      credentialFor: (spec, why) => this.#credentialFor(signer, spec, why),
      renewed: () => {
        for (const one of worn) clock.after(this.#graceOf(one), () => drop(one));
      },
      withdraw: () => {
        for (const one of [signer, ...worn]) drop(one);
      },
    };
  }

  /** How long anything may go on that the signer has signed, once it has a successor. */
  #graceOf(signer: Signer): number {
    const own = [...this.#byFunction.values()].flat().filter((given) => given.signer === signer);
    return own.reduce((longest, { graceMs }) => Math.max(longest, graceMs), REPLACED_GRACE_MS);
  }

  /**
   * Receives the messages of the namespace, answers them and tells the feeds; nothing of JetStream or the control
   * plane, and no inbox of anybody's. Which subjects it needs changes with each deployment, and what a user may do
   * cannot change without cutting its connection.
   */
  async #connectAs(cellId: string, signer: Signer): Promise<NatsEndpoint> {
    const { namespace, endpoint } = this.#options;
    await signer.ready();
    const { creds } = this.#mint(signer, `cell ${cellId}`, cellPermissions(namespace));
    return { ...endpoint, creds, inboxPrefix: `${CELL_INBOX}.${cellId}` };
  }

  #credentialFor(signer: Signer, spec: FunctionSpec, why: CredentialReason): WorkloadCredential | undefined {
    const { id, name, bindings, limits } = spec;
    const earlier = this.#valid(id);
    const { namespace } = this.#options;
    const subjects = Object.values(bindings).flatMap(
      (binding) => bindingPermissions(binding, namespace).publish,
    );
    const publish = [...new Set(subjects)];
    const graceMs = limits.timeoutMs + REPLACED_GRACE_MS;
    if (why === 'version') {
      const same = earlier.find((one) => this.#isAsGood(one, signer, publish));
      if (same !== undefined) {
        same.graceMs = Math.max(same.graceMs, graceMs);
        return same.credential;
      }
      // What is renewed is in use until it expires.
      for (const one of earlier) this.#replace(id, one);
    }
    if (publish.length === 0) return undefined;
    const inboxPrefix = `${WORKLOAD_INBOX}.${id}`;
    const permissions = { publish, subscribe: [`${inboxPrefix}.>`] };
    const { creds, user, untilMs } = this.#mint(signer, `function ${name}`, permissions);
    const credential = { creds, inboxPrefix, expiresAtMs: untilMs };
    const given = { signer, user, untilMs, publish: publish.join(' '), credential, graceMs };
    this.#byFunction.set(id, [...earlier, { ...given, isReplaced: false }]);
    return credential;
  }

  /** Whether a new user would be one more to revoke, and no other: until the next renewal what was given will do. */
  #isAsGood(given: Given, signer: Signer, publish: readonly string[]): boolean {
    const isLasting = given.untilMs - this.#options.clock.now() >= this.renewMs;
    return given.signer === signer && !given.isReplaced && isLasting && given.publish === publish.join(' ');
  }

  #drop(signer: Signer): void {
    signer.drop();
    for (const [id, given] of this.#byFunction)
      this.#keep(
        id,
        given.filter((one) => one.signer !== signer),
      );
  }

  #keep(functionId: string, given: readonly Given[]): void {
    if (given.length === 0) this.#byFunction.delete(functionId);
    else this.#byFunction.set(functionId, given);
  }

  #valid(functionId: string): readonly Given[] {
    const nowMs = this.#options.clock.now();
    return (this.#byFunction.get(functionId) ?? []).filter(({ untilMs }) => untilMs > nowMs);
  }

  #replace(functionId: string, given: Given): void {
    if (given.isReplaced) return;
    given.isReplaced = true;
    this.#options.clock.after(given.graceMs, () => this.#forget(functionId, [given]));
  }

  withdraw(functionId: string): void {
    this.#forget(functionId, this.#valid(functionId));
  }

  #forget(functionId: string, given: readonly Given[]): void {
    const valid = this.#valid(functionId);
    this.#keep(
      functionId,
      valid.filter((one) => !given.includes(one)),
    );
    const ending = Map.groupBy(
      given.filter((one) => valid.includes(one)),
      ({ signer }) => signer,
    );
    for (const [signer, users] of ending)
      signer.revoke(new Map(users.map(({ user, untilMs }) => [user, untilMs])));
  }

  #mint(
    signer: Signer,
    name: string,
    permissions: Permissions,
  ): { readonly creds: string; readonly user: string; readonly untilMs: number } {
    const { account, clock, lifetimeMs } = this.#options;
    const untilMs = clock.now() + lifetimeMs;
    const expiresAt = Math.floor(untilMs / 1_000);
    const { publicKey, creds } = createUser(signer.key, { name, account, permissions, expiresAt });
    return { creds, user: publicKey, untilMs };
  }
}
