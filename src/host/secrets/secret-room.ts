import { HairspringError, SECRET_LIMITS } from '../../core/index.ts';

export interface SecretAmount {
  readonly secrets: number;
  /** Of them sealed. */
  readonly chars: number;
}

const NOTHING: SecretAmount = { secrets: 0, chars: 0 };

/** How much of the node's room for secrets each namespace has, with what is being written. */
export class SecretRoom {
  readonly #byNamespace = new Map<string, SecretAmount>();
  #chars = 0;

  /** Counts what is there. */
  add(namespace: string, { secrets, chars }: SecretAmount): void {
    const own = this.#byNamespace.get(namespace) ?? NOTHING;
    const sum = { secrets: own.secrets + secrets, chars: own.chars + chars };
    this.#chars += chars;
    if (sum.secrets === 0 && sum.chars === 0) this.#byNamespace.delete(namespace);
    else this.#byNamespace.set(namespace, sum);
  }

  /**
   * Counts what is about to be written.
   * @returns takes it back
   * @throws HS_SECRET_INVALID when there is no room for it
   */
  reserve(namespace: string, name: string, more: SecretAmount): () => void {
    const { perNamespace, namespaceChars, nodeChars } = SECRET_LIMITS;
    const own = this.#byNamespace.get(namespace) ?? NOTHING;
    if (more.secrets > 0 && own.secrets + more.secrets > perNamespace)
      refuse(name, `namespace "${namespace}" has ${perNamespace} secrets`);
    // A value in the place of one that is as long needs no room, even where there is too much already.
    if (more.chars > 0 && own.chars + more.chars > namespaceChars)
      refuse(
        name,
        `the secrets of namespace "${namespace}" would have more than ${namespaceChars} characters when sealed`,
      );
    if (more.chars > 0 && this.#chars + more.chars > nodeChars)
      refuse(name, `the secrets of the node would have more than ${nodeChars} characters when sealed`);
    this.add(namespace, more);
    return () => this.add(namespace, { secrets: -more.secrets, chars: -more.chars });
  }
}

function refuse(name: string, why: string): never {
  throw new HairspringError('HS_SECRET_INVALID', `Cannot set secret "${name}": ${why}, which is the limit`, {
    hint: 'Delete one that nobody uses with `hairspring secret delete NAME`',
  });
}
