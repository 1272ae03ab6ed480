import { type Clock, HairspringError, type HostCaller } from '../../core/index.ts';
import type { ByteMeter, CellMeter } from './byte-meter.ts';
import { showUrl } from './grant.ts';
import { HTTP_LIMITS } from './limits.ts';
import { cancelled, OpenRequest, type OpenRequestOptions } from './open-request.ts';
import type { Upload } from './upload.ts';

/**
 * The requests of one binding that are under way, by the numbers that the guest gives them. Whichever invocation names
 * one: code that several await runs in the name of any of them.
 */
export class OpenRequests {
  readonly #clock: Clock;
  readonly #meter: CellMeter;
  readonly #byCaller = new Map<number, Set<OpenRequest>>();
  #count = 0;

  constructor({ clock, meter }: { readonly clock: Clock; readonly meter: CellMeter }) {
    this.#clock = clock;
    this.#meter = meter;
  }

  /** @throws HS_HTTP_LIMIT */
  begin({
    caller,
    ...options
  }: Pick<OpenRequestOptions, 'number' | 'url' | 'isStreamed'> & {
    readonly caller: HostCaller;
  }): OpenRequest {
    const { requestsPerInvocation, requestsPerFunction } = HTTP_LIMITS;
    const requests = this.#byCaller.get(caller.id) ?? new Set();
    if (requests.size >= requestsPerInvocation)
      throw tooMany(options.url, `invocation has ${requestsPerInvocation}`);
    if (this.#count >= requestsPerFunction) throw tooMany(options.url, `function has ${requestsPerFunction}`);
    const meter: ByteMeter = this.#meter.begin();
    this.#count += 1;
    const onEnd = (): void => {
      this.#count -= 1;
      requests.delete(request);
      if (requests.size === 0) this.#byCaller.delete(caller.id);
    };
    const request = new OpenRequest({ ...options, caller, clock: this.#clock, meter, onEnd });
    this.#byCaller.set(caller.id, requests.add(request));
    return request;
  }

  /** The body that a request is sending. @throws HS_HOST_CALL_INVALID */
  upload(number: unknown): { readonly request: OpenRequest; readonly upload: Upload } {
    for (const request of this.#find(number)) {
      const { upload } = request;
      if (upload !== undefined) return { request, upload };
    }
    throw new HairspringError(
      'HS_HOST_CALL_INVALID',
      'Cannot go on with the body of a request: it is closed, as it is when its invocation ends',
    );
  }

  cancel(number: unknown, reason: HairspringError): void {
    for (const request of this.#find(number)) request.cancel(reason);
  }

  /** What an invocation was sending is cut: nothing more of it will come. */
  ended(callerId: number): void {
    for (const request of [...(this.#byCaller.get(callerId) ?? [])])
      if (request.upload?.isOpen === true) request.cancel(cancelled('its invocation has ended'));
  }

  /** Nobody waits any more for what an invocation has under way. */
  abandoned(callerId: number): void {
    for (const request of [...(this.#byCaller.get(callerId) ?? [])])
      request.cancel(cancelled('its invocation has ended'));
  }

  #find(number: unknown): readonly OpenRequest[] {
    return [...this.#byCaller.values()].flatMap((requests) =>
      [...requests].filter((request) => request.number === number),
    );
  }
}

function tooMany(url: URL, who: string): HairspringError {
  return new HairspringError(
    'HS_HTTP_LIMIT',
    `Cannot fetch ${showUrl(url)}: the ${who} requests under way already`,
    { hint: 'A body that is neither read to its end nor cancelled keeps its request under way' },
  );
}
