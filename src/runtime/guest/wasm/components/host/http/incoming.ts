/** A request on its way to a component. */
import type { Variant } from '../../codec.ts';
import { NONE, ok, some } from '../state.ts';
import { BytesStream, type InputStream } from '../stream-objects.ts';
import { Fields, toBytes } from './fields.ts';
import { METHODS } from './methods.ts';

export class IncomingRequest {
  readonly #method: string;
  readonly #url: URLParts;
  readonly #fields: Fields;
  #body: Uint8Array | undefined;

  /** @param line method and absolute URL with a space between them */
  constructor(line: string, pairs: readonly string[], body: Uint8Array) {
    const space = line.indexOf(' ');
    this.#method = line.slice(0, space);
    this.#url = partsOf(line.slice(space + 1));
    const fields: [string, Uint8Array][] = [];
    for (let at = 0; at + 1 < pairs.length; at += 2)
      fields.push([pairs[at] as string, toBytes(pairs[at + 1] as string)]);
    this.#fields = new Fields(fields, true);
    this.#body = body;
  }

  get method(): Variant {
    const tag = METHODS.indexOf(this.#method);
    return tag === -1 ? { tag: METHODS.length, value: this.#method } : { tag, value: undefined };
  }

  get path(): Variant {
    return some(this.#url.path);
  }

  /** The first case of `scheme`: the gateway speaks no TLS. */
  get scheme(): Variant {
    return some({ tag: 0, value: undefined });
  }

  get authority(): Variant {
    return some(this.#url.authority);
  }

  get headers(): Fields {
    return this.#fields.view;
  }

  /** The body, once. */
  consume(): IncomingBody | undefined {
    const body = this.#body;
    this.#body = undefined;
    return body === undefined ? undefined : new IncomingBody(body);
  }
}

interface URLParts {
  readonly authority: string;
  readonly path: string;
}

/** The gateway has written the URL: after the scheme and the authority there is a path. */
function partsOf(url: string): URLParts {
  const start = url.indexOf('//') + 2;
  const path = url.indexOf('/', start);
  return { authority: url.slice(start, path), path: url.slice(path) };
}

export class IncomingBody {
  #stream: InputStream | undefined;

  constructor(bytes: Uint8Array) {
    this.#stream = new BytesStream(bytes);
  }

  /** Its stream, once. */
  takeStream(): InputStream | undefined {
    const stream = this.#stream;
    this.#stream = undefined;
    return stream;
  }
}

/** There are none: the gateway does not take them. */
export class FutureTrailers {
  #isTaken = false;

  get(): Variant {
    if (this.#isTaken) return some({ tag: 1, value: undefined });
    this.#isTaken = true;
    return some(ok(ok(NONE)));
  }
}
