import {
  type Clock,
  type FunctionSpec,
  HairspringError,
  type Redact,
  type SealedSecret,
} from '../../core/index.ts';
import type { RunnerDependencies } from '../../runtime/index.ts';
import { type OpeningKey, openingKey, openSecret } from './open-secret.ts';
import { createRedact } from './redact.ts';

/** A function as it is run, with its secrets in its environment. */
export interface PreparedFunction {
  readonly spec: FunctionSpec;
  /** In place of what all functions of the cell are run with. */
  readonly own: Partial<Pick<RunnerDependencies, 'redact' | 'readCode'>>;
}

/** Opens the secrets of the cell's namespace, for the functions that are bound to them. */
export class CellSecrets {
  readonly #namespace: string;
  readonly #seed: string;
  readonly #clock: Clock;
  readonly #redacts = new WeakMap<FunctionSpec, Redact>();
  #key: OpeningKey | undefined;

  /** @param seed curve seed of the namespace */
  constructor(namespace: string, seed: string, clock: Clock) {
    this.#namespace = namespace;
    this.#seed = seed;
    this.#clock = clock;
  }

  /** @throws HS_SECRET_… saying why it does not open */
  open(secret: SealedSecret): string {
    // Most namespaces have no secrets, and its public half takes milliseconds.
    this.#key ??= openingKey(this.#seed);
    return openSecret(this.#key, secret, this.#namespace, this.#clock.now());
  }

  /**
   * Puts what the functions are bound to into their environments.
   * @param survive whether a function whose secret does not open is run all the same, and tells its callers why
   * @throws HS_SECRET_… of the first that does not open, unless `survive`
   */
  prepare(
    specs: readonly FunctionSpec[],
    secrets: readonly SealedSecret[],
    survive: boolean,
  ): readonly PreparedFunction[] {
    const byName = new Map(secrets.map((secret) => [secret.name, this.#once(secret)]));
    return specs.map((spec) => {
      try {
        return this.#prepare(spec, byName);
      } catch (error) {
        if (!survive) throw error;
        return {
          spec,
          own: {
            readCode: () => {
              throw error;
            },
          },
        };
      }
    });
  }

  /** Many functions may be bound to one secret, and opening takes milliseconds. */
  #once(secret: SealedSecret): () => string {
    let value: string | undefined;
    return () => {
      value ??= this.open(secret);
      return value;
    };
  }

  #prepare(spec: FunctionSpec, byName: ReadonlyMap<string, () => string>): PreparedFunction {
    const bindings: Record<string, FunctionSpec['bindings'][string]> = {};
    const opened: Record<string, string> = {};
    for (const [label, binding] of Object.entries(spec.bindings)) {
      if (binding.service !== 'secret') {
        bindings[label] = binding;
        continue;
      }
      const open = byName.get(binding.secret);
      if (open === undefined)
        throw new HairspringError(
          'HS_SECRET_MISSING',
          `${spec.name} is bound to secret "${binding.secret}" of namespace "${this.#namespace}", which is not set`,
        );
      opened[label] = open();
    }
    if (Object.keys(opened).length === 0) return { spec, own: {} };
    const redact = createRedact(opened);
    const prepared = { ...spec, bindings, environment: { ...spec.environment, ...opened } };
    if (redact === undefined) return { spec: prepared, own: {} };
    this.#redacts.set(prepared, redact);
    return { spec: prepared, own: { redact } };
  }

  /** What takes the secrets out of texts of a version that was prepared, if it has some. */
  redactOf(spec: FunctionSpec): Redact | undefined {
    return this.#redacts.get(spec);
  }
}
