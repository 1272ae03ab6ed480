/** Runs actions one after the other, in the order in which they were asked for. */
export class Turns {
  readonly #onIdle: () => void;
  #tail: Promise<void> = Promise.resolve();
  #open = 0;

  /** @param onIdle called each time that nothing runs or waits any more */
  constructor(onIdle: () => void) {
    this.#onIdle = onIdle;
  }

  /** Whether an action runs or waits; true from the moment that `run` is called. */
  get busy(): boolean {
    return this.#open > 0;
  }

  async run<Result>(action: () => Promise<Result>): Promise<Result> {
    this.#open += 1;
    const turn = this.#tail.then(action);
    const done = (): void => {
      this.#open -= 1;
      if (this.#open === 0) this.#onIdle();
    };
    this.#tail = turn.then(done, done);
    return turn;
  }

  /** Resolves when nothing runs or waits, actions that are asked for meanwhile included. */
  async settled(): Promise<void> {
    while (this.busy) await this.#tail;
  }
}
