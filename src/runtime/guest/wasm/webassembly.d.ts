/** What the guest's runtime uses of WebAssembly, which functions do not see. https://webassembly.github.io/spec/js-api/ */
interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
}

interface WebAssemblyGlobal {
  value: number | bigint;
}

interface WebAssemblyModule {
  readonly [Symbol.toStringTag]: string;
}

interface WebAssemblyInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

interface WebAssemblyApi {
  readonly Instance: new (
    module: WebAssemblyModule,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => WebAssemblyInstance;
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => WebAssemblyMemory;
  readonly Module: {
    new (bytes: Uint8Array): WebAssemblyModule;
    imports(module: WebAssemblyModule): readonly { readonly module: string; readonly name: string }[];
  };
  /** An import that suspends its caller until the promise settles. https://github.com/WebAssembly/js-promise-integration */
  readonly Suspending: new (
    call: (...args: never[]) => unknown,
  ) => unknown;
  /** An export whose callees may suspend; the promise settles with its result. */
  promising(exported: unknown): (...args: unknown[]) => Promise<unknown>;
}
