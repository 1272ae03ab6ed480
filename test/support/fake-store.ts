import assert from 'node:assert/strict';
import type { HostCall, HostCallResult, PreparedBinding } from '../../src/core/index.ts';

interface FakeObject {
  readonly chunks: readonly Uint8Array[];
  readonly options: string;
}

/** Answers as the object store does (hostservices/objectstore/provider.ts), in memory. */
export class FakeStore implements PreparedBinding {
  readonly objects = new Map<string, FakeObject>();
  readonly calls: HostCall[] = [];
  readonly #open = new Map<number, { readonly rest: Uint8Array[]; name: string; options: string }>();
  #handles = 0;
  /** Asked before each call is answered. */
  before: (call: HostCall) => Promise<void> | void = () => undefined;

  get open(): number {
    return this.#open.size;
  }

  ops(): string[] {
    return this.calls.map(({ op }) => op);
  }

  put(name: string, ...chunks: readonly string[]): void {
    this.objects.set(name, { chunks: chunks.map((chunk) => Buffer.from(chunk)), options: '{}' });
  }

  text(name: string): string | undefined {
    const found = this.objects.get(name);
    return found === undefined ? undefined : Buffer.concat(found.chunks).toString();
  }

  async call(request: HostCall): Promise<HostCallResult> {
    this.calls.push(request);
    await this.before(request);
    const { op, args, payload } = request;
    const [first, second] = args;
    const name = String(first);
    switch (op) {
      case 'get':
        return { value: this.#info(name) ?? null };
      case 'list':
        return { value: [...this.objects.keys()].map((each) => this.#info(each)) };
      case 'delete':
        this.objects.delete(name);
        return { value: null };
      case 'open':
        return this.#add([...(this.objects.get(name)?.chunks ?? [])], name, '');
      case 'create':
        return this.#add([], name, String(second));
      case 'write':
        this.#handle(first).rest.push(Buffer.from(payload ?? ''));
        return { value: null };
      case 'next': {
        const data = this.#handle(first).rest.shift();
        if (data !== undefined) return { value: 1, data };
        this.#open.delete(Number(first));
        return { value: null };
      }
      case 'finish': {
        const { rest, name: finished, options } = this.#handle(first);
        this.#open.delete(Number(first));
        this.objects.set(finished, { chunks: rest, options });
        return { value: this.#info(finished) };
      }
      case 'close':
        this.#open.delete(Number(first));
        return { value: null };
      default:
        return assert.fail(`There is no ${op}`);
    }
  }

  #add(rest: Uint8Array[], name: string, options: string): HostCallResult {
    this.#handles += 1;
    this.#open.set(this.#handles, { rest, name, options });
    return { value: this.#handles };
  }

  #handle(handle: unknown): { readonly rest: Uint8Array[]; name: string; options: string } {
    return this.#open.get(Number(handle)) ?? assert.fail(`${String(handle)} is not open`);
  }

  #info(name: string): object | undefined {
    const found = this.objects.get(name);
    if (found === undefined) return undefined;
    const size = found.chunks.reduce((sum, { length }) => sum + length, 0);
    const said = { description: 'said', headers: ['X-A', '1', 'X-A', '2'], metadata: { of: 'it' } };
    return { bucket: 'photos', name, size, revision: 7, modified: 1_700_000_000_999, ...said };
  }
}
