import { HairspringError } from '../../core/index.ts';
import { CRYPTO_LIMITS } from './limits.ts';

interface Waiting {
  readonly callerId: number | undefined;
  readonly bytes: number;
  readonly expiresMs: number;
  start(onEnd: () => void): void;
  refuse(error: HairspringError): void;
}

/**
 * Shares the few worker threads of the process among the functions of a cell: so many operations at once
 * in all, fewer per function, and the functions that wait take turns.
 */
export class CryptoLanes {
  #running = 0;
  /** Lanes in which operations wait, the one whose turn is next first. */
  readonly #ready = new Set<CryptoLane>();

  /** A lane for one function. An operation whose turn does not come in `maxWaitMs` is not begun. */
  createLane(maxWaitMs: number): CryptoLane {
    const lane: CryptoLane = new CryptoLane(maxWaitMs, () => {
      this.#ready.add(lane);
      this.#startReady();
    });
    return lane;
  }

  #startReady(): void {
    for (const lane of this.#ready) {
      if (this.#running >= CRYPTO_LIMITS.runningPerCell) return;
      if (lane.running >= CRYPTO_LIMITS.runningPerFunction) continue;
      // To the end of the line, which this loop comes to again.
      this.#ready.delete(lane);
      const next = lane.take();
      if (lane.waiting > 0) this.#ready.add(lane);
      if (next !== undefined) this.#start(lane, next);
    }
  }

  #start(lane: CryptoLane, operation: Waiting): void {
    this.#running += 1;
    lane.running += 1;
    const release = (): void => {
      this.#running -= 1;
      lane.running -= 1;
      this.#startReady();
    };
    // Reading a key takes the cell's own thread, up to 3 ms of it: others get a turn in between.
    operation.start(() => (this.#ready.size === 0 ? release() : setImmediate(release)));
  }
}

/** The operations of one function. */
export class CryptoLane {
  running = 0;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  readonly #maxWaitMs: number;
  readonly #onWaiting: () => void;

  constructor(maxWaitMs: number, onWaiting: () => void) {
    this.#maxWaitMs = maxWaitMs;
    this.#onWaiting = onWaiting;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Runs `work` when it is its turn.
   * @throws HS_CRYPTO_LIMIT when too many wait already, or its turn does not come in time
   */
  run<Result>(bytes: number, work: () => Promise<Result>, callerId?: number): Promise<Result> {
    const { waitingPerFunction, waitingBytesPerFunction } = CRYPTO_LIMITS;
    if (
      this.#waiting.length >= waitingPerFunction ||
      (this.#waiting.length > 0 && this.#waitingBytes + bytes > waitingBytesPerFunction)
    ) {
      return Promise.reject(
        new HairspringError(
          'HS_CRYPTO_LIMIT',
          `Cannot begin a crypto operation: ${this.#waiting.length} with ${this.#waitingBytes} bytes wait already`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        callerId,
        bytes,
        expiresMs: performance.now() + this.#maxWaitMs,
        start: (onEnd) => void work().then(resolve, reject).finally(onEnd),
        refuse: reject,
      });
      this.#waitingBytes += bytes;
      this.#onWaiting();
    });
  }

  /** Nobody waits any more for what an invocation has asked for: what has not begun is not begun. */
  abandoned(callerId: number): void {
    const dropped = this.#waiting.filter((one) => one.callerId === callerId);
    this.#waiting = this.#waiting.filter((one) => one.callerId !== callerId);
    for (const { bytes, refuse } of dropped) {
      this.#waitingBytes -= bytes;
      refuse(
        new HairspringError('HS_BINDING_DENIED', 'Cannot begin a crypto operation: its invocation has ended'),
      );
    }
  }

  /** The next operation that is still wanted. */
  take(): Waiting | undefined {
    const nowMs = performance.now();
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#waitingBytes -= next.bytes;
      if (next.expiresMs > nowMs) return next;
      next.refuse(
        new HairspringError(
          'HS_CRYPTO_LIMIT',
          `Cannot begin a crypto operation: it waited longer than the function may run, ${this.#maxWaitMs} ms`,
        ),
      );
    }
    return undefined;
  }
}
