import { type Clock, HairspringError, type HostCaller } from '../../core/index.ts';
import type { ByteMeter } from './byte-meter.ts';
import { showUrl } from './grant.ts';
import { HTTP_LIMITS } from './limits.ts';
import { Upload } from './upload.ts';

export interface OpenRequestOptions {
  /** What the guest calls it by. */
  readonly number: unknown;
  readonly url: URL;
  /** Its deadline may change. */
  readonly caller: Pick<HostCaller, 'deadlineMs'>;
  readonly clock: Clock;
  readonly meter: ByteMeter;
  readonly isStreamed: boolean;
  readonly onEnd: () => void;
}

/** The longest that a timer can be set to. */
const LONGEST_MS = 2 ** 31 - 1;

/** A request from its call to the last byte of its answer. */
export class OpenRequest {
  readonly number: unknown;
  readonly meter: ByteMeter;
  readonly upload: Upload | undefined;
  readonly #options: OpenRequestOptions;
  readonly #abort = new AbortController();
  #stopTimer: (() => void) | undefined;
  #isAnswered = false;
  #hasEnded = false;

  constructor(options: OpenRequestOptions) {
    this.number = options.number;
    this.meter = options.meter;
    this.upload = options.isStreamed ? new Upload(options.meter) : undefined;
    this.#options = options;
    this.#limit(options.isStreamed ? Number.POSITIVE_INFINITY : HTTP_LIMITS.timeMs);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Its whole body is on its way. @throws HS_HOST_CALL_INVALID */
  finishUpload(): void {
    this.upload?.finish();
    if (!this.#isAnswered) this.#limit(HTTP_LIMITS.timeMs);
  }

  /** The headers of the answer are there, and the function reads its body. */
  answered(): void {
    this.#isAnswered = true;
    this.#limit(Number.POSITIVE_INFINITY);
  }

  /** Closes its connection. Whoever waits for something of it is told why. */
  cancel(reason: HairspringError): void {
    if (this.#hasEnded) return;
    this.#abort.abort(reason);
    this.end();
  }

  /** Gives back what it holds. What is left of its body to send is not wanted any more. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#stopTimer?.();
    if (this.upload?.isOpen === true) this.#abort.abort(cancelled('its answer is complete'));
    this.upload?.end();
    this.meter.end();
    this.#options.onEnd();
  }

  /** From now on; the invocation ends it in any case. */
  #limit(mostMs: number): void {
    this.#arm(this.#options.clock.monotonicMs() + mostMs, `within ${mostMs} ms`);
  }

  #arm(untilMs: number, limit: string): void {
    this.#stopTimer?.();
    const { url, caller, clock } = this.#options;
    const isOwn = untilMs <= caller.deadlineMs;
    const leftMs = Math.min(untilMs, caller.deadlineMs) - clock.monotonicMs();
    if (leftMs > LONGEST_MS || this.#hasEnded) return;
    this.#stopTimer = clock.after(Math.max(0, leftMs), () => {
      // The invocation has another deadline once it is answered.
      if (Math.min(untilMs, caller.deadlineMs) > clock.monotonicMs()) this.#arm(untilMs, limit);
      else this.cancel(timedOut(url, isOwn ? limit : 'before the invocation ends'));
    });
  }
}

export function cancelled(why: string): HairspringError {
  return new HairspringError('HS_HTTP_CANCELLED', `The request was given up: ${why}`);
}

function timedOut(url: URL, limit: string): HairspringError {
  return new HairspringError(
    'HS_HTTP_TIMEOUT',
    `Cannot fetch ${showUrl(url)}: there was no complete answer ${limit}`,
  );
}
