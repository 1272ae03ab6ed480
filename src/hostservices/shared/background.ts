/** What is given back to the server after an invocation has ended, so that nobody waits for it but who closes the connection. */
export class Background {
  readonly #tasks = new Set<Promise<unknown>>();

  add<Result>(task: Promise<Result>): Promise<Result> {
    const over = (): void => void this.#tasks.delete(task);
    this.#tasks.add(task);
    task.then(over, over);
    return task;
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.allSettled(this.#tasks);
  }
}
