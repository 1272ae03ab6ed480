import type { Stream } from '../shared/stream-types.ts';
import { type BodyState, bytesOf, ownBytesOf, textOf, wholeTextOf } from './body-state.ts';
import { type BlobLike, useBlobs, useUrls } from './features.ts';
import type { BodySource } from './host-body.ts';
import { extractMimeType, formatMimeType, type MimeType } from './mime-type.ts';

export interface BodyHolder {
  readonly body: BodyState | null;
  readonly contentType: string | null;
}

const NOTHING: BodySource = { kind: 'text', text: '' };

/**
 * Gives a class what requests and responses have in common; `holderOf` throws for a `this` of another.
 * https://fetch.spec.whatwg.org/#body-mixin
 */
export function mixBody<Owner extends object>(
  prototype: Owner,
  holderOf: (owner: Owner) => BodyHolder,
): void {
  async function consume(owner: Owner): Promise<BodySource> {
    const { body } = holderOf(owner);
    if (body === null) return NOTHING;
    if (body.unusable) throw new TypeError('The body was read already, or is being read');
    return body.consume();
  }
  const typeOf = (owner: Owner): MimeType | undefined => extractMimeType(holderOf(owner).contentType);
  const members = {
    get body(): Stream | null {
      return holderOf(this as never).body?.stream ?? null;
    },
    get bodyUsed(): boolean {
      return holderOf(this as never).body?.used ?? false;
    },
    async arrayBuffer(this: Owner): Promise<ArrayBuffer> {
      return wholeBuffer(ownBytesOf(await consume(this)));
    },
    async blob(this: Owner): Promise<BlobLike> {
      const source = await consume(this);
      const type = typeOf(this);
      return useBlobs().createBlob(ownBytesOf(source), type === undefined ? '' : formatMimeType(type));
    },
    async bytes(this: Owner): Promise<Uint8Array> {
      return ownBytesOf(await consume(this));
    },
    async formData(this: Owner): Promise<object> {
      const source = await consume(this);
      const type = typeOf(this);
      const form = type === undefined ? undefined : parseForm(type, source);
      if (form === undefined) throw new TypeError('The body is not a form of the kind that its type says');
      return form;
    },
    async json(this: Owner): Promise<unknown> {
      return JSON.parse(textOf(await consume(this)));
    },
    async text(this: Owner): Promise<string> {
      return textOf(await consume(this));
    },
  };
  Object.defineProperties(prototype, Object.getOwnPropertyDescriptors(members));
}

function parseForm({ essence, parameters }: MimeType, source: BodySource): object | undefined {
  const { createForm, decodeMultipart } = useBlobs();
  if (essence === 'application/x-www-form-urlencoded') {
    const { URLSearchParams } = useUrls();
    return createForm([...new URLSearchParams(wholeTextOf(source))]);
  }
  const boundary = parameters.get('boundary');
  if (essence !== 'multipart/form-data' || boundary === undefined) return undefined;
  return decodeMultipart(bytesOf(source), boundary);
}

function wholeBuffer(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  const { buffer } = bytes;
  return buffer.byteLength === bytes.length ? buffer : bytes.slice().buffer;
}
