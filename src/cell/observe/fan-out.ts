import {
  type ErrorCode,
  type FinishedInvocation,
  type FunctionSpec,
  type Invocation,
  type InvocationStatus,
  type ObservedCall,
  type ObservedInvocation,
  type Observer,
  type PoolChange,
  SilentObserver,
} from '../../core/index.ts';

/**
 * One observer that tells several, each of what it wants to know: a method that an observer leaves as
 * {@link SilentObserver} has it is not called.
 */
export function fanOut(observers: readonly Observer[]): Observer {
  return new FanOut(observers);
}

class FanOut implements Observer {
  readonly #wantsDetails: readonly Observer[];
  readonly #onReceived: readonly Observer[];
  readonly #onRefused: readonly Observer[];
  readonly #onStarted: readonly Observer[];
  readonly #onFinished: readonly Observer[];
  readonly #onCallStarted: readonly Observer[];
  readonly #onCallFinished: readonly Observer[];
  readonly #onBatch: readonly Observer[];
  readonly #onPool: readonly Observer[];
  readonly #onLog: readonly Observer[];

  constructor(observers: readonly Observer[]) {
    const whoHas = (method: keyof Observer): readonly Observer[] =>
      observers.filter((observer) => observer[method] !== SilentObserver.prototype[method]);
    this.#wantsDetails = whoHas('wantsDetails');
    this.#onReceived = whoHas('onReceived');
    this.#onRefused = whoHas('onRefused');
    this.#onStarted = whoHas('onStarted');
    this.#onFinished = whoHas('onFinished');
    this.#onCallStarted = whoHas('onCallStarted');
    this.#onCallFinished = whoHas('onCallFinished');
    this.#onBatch = whoHas('onBatch');
    this.#onPool = whoHas('onPool');
    this.#onLog = whoHas('onLog');
  }

  wantsDetails(): boolean {
    for (const observer of this.#wantsDetails) if (observer.wantsDetails()) return true;
    return false;
  }

  onReceived(spec: FunctionSpec, flight: ObservedInvocation): void {
    for (const observer of this.#onReceived) observer.onReceived(spec, flight);
  }

  onRefused(spec: FunctionSpec, invocation: Invocation, status: ErrorCode): void {
    for (const observer of this.#onRefused) observer.onRefused(spec, invocation, status);
  }

  onStarted(spec: FunctionSpec, flight: ObservedInvocation): void {
    for (const observer of this.#onStarted) observer.onStarted(spec, flight);
  }

  onFinished(spec: FunctionSpec, finished: FinishedInvocation): void {
    for (const observer of this.#onFinished) observer.onFinished(spec, finished);
  }

  onCallStarted(spec: FunctionSpec, call: ObservedCall): void {
    for (const observer of this.#onCallStarted) observer.onCallStarted(spec, call);
  }

  onCallFinished(spec: FunctionSpec, call: ObservedCall, status: InvocationStatus, finishedMs: number): void {
    for (const observer of this.#onCallFinished) observer.onCallFinished(spec, call, status, finishedMs);
  }

  onBatch(spec: FunctionSpec, records: number): void {
    for (const observer of this.#onBatch) observer.onBatch(spec, records);
  }

  onPool(spec: FunctionSpec, change: PoolChange): void {
    for (const observer of this.#onPool) observer.onPool(spec, change);
  }

  onLog(spec: FunctionSpec, level: string, text: string): void {
    for (const observer of this.#onLog) observer.onLog(spec, level, text);
  }
}
