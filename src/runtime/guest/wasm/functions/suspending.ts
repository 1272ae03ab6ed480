/** An import of a module that suspends it until a promise has settled. */
export function suspending(call: unknown): unknown {
  return new runtime.wasm.Suspending(call as (...args: never[]) => unknown);
}
