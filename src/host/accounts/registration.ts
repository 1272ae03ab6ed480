import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { type Clock, HairspringError, type Logger, orLate } from '../../core/index.ts';
import { type AccountClaims, accountToken } from './claims.ts';
import { namespaceClaims } from './namespace-claims.ts';
import type { Operator } from './operator.ts';
import type { Signer } from './signer.ts';
import { createSigningKey, type SigningKey } from './signing-key.ts';

/** Where a server with a full resolver takes the token of an account. */
const CLAIMS_UPDATE = '$SYS.REQ.CLAIMS.UPDATE';
const CLAIMS_LIST = '$SYS.REQ.CLAIMS.LIST';
const claimsLookup = (account: string): string => `$SYS.REQ.ACCOUNT.${account}.CLAIMS.LOOKUP`;
const accountName = z.object({ name: z.string() });
const UPDATE_TIMEOUT_MS = 5_000;
const RETRY_MS = 1_000;
/** Of the some 11,000 that the server takes: past the first another key is to sign, past the second one is given up. */
const WORN_REVOCATIONS = 5_000;
const MAX_REVOCATIONS = 10_000;
const COLLECT_MS = 50;

interface OwnSigner {
  readonly key: SigningKey;
  /** Users whose tokens are void, and until when they would be good. */
  readonly revoked: Map<string, number>;
  isKnown: boolean;
}

const createSigner = (): OwnSigner => ({
  key: createSigningKey('account'),
  revoked: new Map(),
  isKnown: false,
});

/**
 * The account of a namespace as the server knows it. Cells and functions have users that are signed by keys of this
 * process alone, which are nowhere on disk: with the next start all that an earlier process gave out is void.
 */
export class Registration {
  readonly #system: NatsConnection;
  readonly #operator: Operator;
  readonly #namespace: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #signers = new Set<OwnSigner>();
  /** The one that is taken next. The server has it by then, so that a cell need not wait to take another's place. */
  #next = createSigner();
  #pushed: Promise<void> = Promise.resolve();
  #isPushing = false;
  #isStale = false;

  constructor(system: NatsConnection, operator: Operator, namespace: string, clock: Clock, logger: Logger) {
    this.#system = system;
    this.#operator = operator;
    this.#namespace = namespace;
    this.#clock = clock;
    this.#logger = logger;
  }

  takeSigner(): Signer {
    const signer = this.#next;
    this.#next = createSigner();
    this.#signers.add(signer);
    this.#change();
    return {
      key: signer.key,
      ready: async () => {
        if (!signer.isKnown) await this.settled();
      },
      revoke: (users) => {
        for (const [user, untilMs] of users) signer.revoked.set(user, untilMs);
        if (this.#signers.has(signer)) this.#change();
      },
      isWorn: () => this.#isWorn(signer),
      drop: () => {
        if (this.#signers.delete(signer)) this.#change();
      },
    };
  }

  get #revocations(): number {
    return [...this.#signers].reduce((sum, { revoked }) => sum + revoked.size, 0);
  }

  /** Of several keys it is one that has its share in that. */
  #isWorn(signer: OwnSigner): boolean {
    if (!this.#signers.has(signer)) return true;
    const all = this.#revocations;
    return all >= WORN_REVOCATIONS && signer.revoked.size * this.#signers.size >= all;
  }

  /**
   * What is too much for the server it takes no part of, neither who is to be let in nor who is not. Rather is all void
   * that one key has signed, whose cell is given another if it lives.
   */
  #makeRoom(): void {
    while (this.#revocations > MAX_REVOCATIONS) {
      const [most] = [...this.#signers].sort((a, b) => b.revoked.size - a.revoked.size);
      if (most === undefined) return;
      this.#signers.delete(most);
      this.#logger.warn('Too many users of a cell were revoked, so that all of it are', {
        namespace: this.#namespace,
        revoked: most.revoked.size,
      });
    }
  }

  /** What the server does not take now it is told again until it does. */
  #change(): void {
    this.#isStale = true;
    if (!this.#isPushing) this.#pushed = this.#pushAll();
  }

  /** Resolves when the server has been told, or has not taken it for a second. */
  async settled(): Promise<void> {
    await orLate(this.#pushed, this.#clock, RETRY_MS);
  }

  async #pushAll(): Promise<void> {
    this.#isPushing = true;
    while (this.#isStale && !this.#system.isClosed()) {
      // The server takes an account apart and puts it together again, so what comes in a moment goes together.
      await this.#clock.sleep(COLLECT_MS);
      this.#isStale = false;
      try {
        await this.push();
      } catch (error) {
        this.#isStale = true;
        const { message } = HairspringError.from(error);
        this.#logger.error('The account could not be changed yet', {
          namespace: this.#namespace,
          error: message,
        });
        await this.#clock.sleep(RETRY_MS);
      }
    }
    // Together with the look at what is left, so that nothing comes in between.
    this.#isPushing = false;
  }

  /** @throws HS_NATS_REFUSED when the server does not take the account */
  async push(): Promise<void> {
    this.#forgetExpired();
    this.#makeRoom();
    const signers = [...this.#signers, this.#next];
    // Of a time after which it would be void anyway: no clock that was put back lets it in again.
    const revocations = signers.flatMap(({ revoked }) =>
      [...revoked].map(([user, untilMs]) => [user, Math.ceil(untilMs / 1_000)] as const),
    );
    await pushAccount(this.#system, this.#operator, {
      ...namespaceClaims(this.#operator, this.#namespace),
      signingKeys: signers.map(({ key }) => key.publicKey),
      revocations: Object.fromEntries(revocations),
    });
    for (const signer of signers) signer.isKnown = true;
  }

  #forgetExpired(): void {
    const nowMs = this.#clock.now();
    for (const { revoked } of this.#signers)
      for (const [user, untilMs] of revoked) if (untilMs < nowMs) revoked.delete(user);
  }
}

async function pushAccount(
  system: NatsConnection,
  operator: Operator,
  account: AccountClaims,
): Promise<void> {
  const token = accountToken(operator.key, account);
  let refusal: string | undefined;
  try {
    const reply = await system.request(CLAIMS_UPDATE, token, { timeout: UPDATE_TIMEOUT_MS });
    const answer = reply.json<{ readonly error?: { readonly description?: string } }>();
    refusal = answer.error === undefined ? undefined : (answer.error.description ?? 'no reason given');
  } catch (error) {
    refusal = error instanceof Error ? error.message : String(error);
  }
  if (refusal === undefined) return;
  const what = `Cannot register the account of namespace "${account.name}"`;
  throw new HairspringError('HS_NATS_REFUSED', `${what}: ${refusal}`);
}

/** Makes all that an earlier process has given out void: its signing keys go out of the accounts that the server has. */
export async function dropEarlierKeys(system: NatsConnection, operator: Operator): Promise<void> {
  const options = { timeout: UPDATE_TIMEOUT_MS };
  const { data: ids = [] } = (await system.request(CLAIMS_LIST, '', options)).json<{
    data?: readonly string[];
  }>();
  for (const id of ids) {
    const token = (await system.request(claimsLookup(id), '', options)).string();
    const name = nameIn(token);
    if (name !== undefined && operator.namespace(name).publicKey === id)
      await pushAccount(system, operator, namespaceClaims(operator, name));
  }
}

/** Of an account, by its token, which the server has checked. */
function nameIn(token: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return accountName.parse(claims).name;
  } catch {
    return undefined;
  }
}
