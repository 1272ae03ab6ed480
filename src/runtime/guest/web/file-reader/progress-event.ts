import { useEvents } from '../shared/events-types.ts';
import { defineInterface, requireArguments, toDictionary } from '../shared/idl.ts';

const { Event } = useEvents();

/** https://xhr.spec.whatwg.org/#interface-progressevent */
export class ProgressEvent extends Event {
  readonly #lengthComputable: boolean;
  readonly #loaded: number;
  readonly #total: number;

  constructor(type: string, init: object | undefined = undefined) {
    requireArguments(arguments.length, 1, 'ProgressEvent');
    super(type, init);
    const options = toDictionary(init, 'The options of an event');
    const { lengthComputable = false, loaded = 0, total = 0 } = options;
    this.#lengthComputable = Boolean(lengthComputable);
    this.#loaded = Number(loaded);
    this.#total = Number(total);
  }

  get lengthComputable(): boolean {
    return this.#lengthComputable;
  }

  get loaded(): number {
    return this.#loaded;
  }

  get total(): number {
    return this.#total;
  }
}
defineInterface(ProgressEvent, 'ProgressEvent');
