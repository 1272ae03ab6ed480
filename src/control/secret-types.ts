/** What nodes say about secrets; never a value. */
import type { SealedSecret } from '../core/index.ts';

/** Reply of HS.SECRET.KEY. */
export interface SecretKey {
  readonly node_id: string;
  readonly namespace: string;
  /** Public curve key, `X…`. */
  readonly xkey: string;
  /** Of the node over `secretKeyStatement`, Base64. */
  readonly signature: string;
}

/** Reply of HS.SECRET.SET. */
export interface StoredSecret {
  readonly node_id: string;
  readonly name: string;
  readonly id: string;
  /** Whether a cell has tried that it opens; without one of the namespace that is left to the deployment. */
  readonly opened: boolean;
  /** Names of the functions that run with it from now on. */
  readonly functions: readonly string[];
  /** Why others do not: with their names, for people. */
  readonly failures: readonly string[];
}

/** Reply of HS.SECRET.LIST. */
export interface NodeSecretList {
  readonly node_id: string;
  readonly secrets: readonly {
    readonly name: string;
    readonly id: string;
    readonly set_at: string;
    readonly not_after?: string;
    /** Names of the functions that are bound to it. */
    readonly functions: readonly string[];
  }[];
}

/** Reply of HS.SECRET.DELETE. */
export interface DeletedSecret {
  readonly node_id: string;
  readonly name: string;
}

/** What a node does with secrets for its control endpoints. */
export interface SecretBackend {
  key(namespace: string): SecretKey;
  set(namespace: string, secret: SealedSecret): Promise<StoredSecret>;
  list(namespace: string): Promise<NodeSecretList>;
  /** @throws HS_SECRET_IN_USE, HS_SECRET_MISSING */
  delete(namespace: string, name: string): Promise<DeletedSecret>;
}
