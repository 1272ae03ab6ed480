import type { NatsConnection } from '@nats-io/transport-node';
import type { FunctionSpec, NatsEndpoint, WorkloadCredential } from '../../core/index.ts';

/** Why a function needs a credential: a version of it begins to be served, or one goes on longer than its credential. */
export type CredentialReason = 'version' | 'renewal';

/** The users of one cell and of the functions in it. */
export interface CellAccess {
  /** Whether it is to be renewed now and be done with what it has: that cannot go on much longer. */
  readonly isWorn: boolean;
  /** How the cell connects to receive messages. Resolves when the server would let it in. */
  connectAs(): Promise<NatsEndpoint>;
  /**
   * A user with what the bindings of a function need and nothing more; undefined where its cell's own user has to
   * do. A version that needs the same as the one before has the same. What was given out for an earlier version is
   * withdrawn when that cannot be running any more.
   */
  credentialFor(spec: FunctionSpec, why: CredentialReason): WorkloadCredential | undefined;
  /** The cell has what it was given last, so that what it had when it was worn can end. */
  renewed(): void;
  /** The cell is gone: nothing that it was given is of any use from now on. Idempotent. */
  withdraw(): void;
}

/** What a node has in the account of one namespace. */
export interface NamespaceAccess {
  /** The node's own connection there. */
  readonly nc: NatsConnection;
  /** How often `credentialFor` has to be asked again for what goes on running; undefined: never. */
  readonly renewMs: number | undefined;
  forCell(cellId: string): CellAccess;
  /** The function is undeployed: nothing that was given out for it is of any use from now on. */
  withdraw(functionId: string): void;
  /** How tools in this process connect for those who own the namespace. */
  developerEndpoint(): NatsEndpoint;
  /** Credentials for the tools of those who own the namespace; null where the node has none to hand out. */
  createToolCredentials(): string | null;
}

/** The accounts of a node's namespaces. */
export interface Accounts extends AsyncDisposable {
  /** Whether namespaces have accounts, and whose. */
  readonly way: 'shared' | 'own' | 'delegated';
  /**
   * Connects to the account; makes it where it is missing and the operator of the server is ours.
   * @throws HS_NAMESPACE_UNKNOWN, HS_NATS_…
   */
  open(namespace: string): Promise<NamespaceAccess>;
}
