/** Runs one action at a time. Namespaces take turns, however much one of them has asked for; its own go in order. */
export class FairTurns {
  /** By namespace; who has had a turn goes to the end. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #isBusy = false;
  /** Whose turn it is, or was. */
  #latest = '';

  async run<Result>(namespace: string, action: () => Promise<Result>): Promise<Result> {
    if (this.#isBusy) await this.#wait(namespace);
    this.#isBusy = true;
    this.#latest = namespace;
    try {
      return await action();
    } finally {
      this.#next();
    }
  }

  #wait(namespace: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const own = this.#waiting.get(namespace) ?? [];
    own.push(resolve);
    this.#waiting.set(namespace, own);
    return promise;
  }

  #next(): void {
    const namespaces = [...this.#waiting.keys()];
    const namespace = namespaces.find((one) => one !== this.#latest) ?? namespaces[0] ?? '';
    const own = this.#waiting.get(namespace) ?? [];
    const begin = own.shift();
    this.#waiting.delete(namespace);
    if (own.length > 0) this.#waiting.set(namespace, own);
    // Until it has begun nobody else does.
    this.#isBusy = begin !== undefined;
    begin?.();
  }
}
