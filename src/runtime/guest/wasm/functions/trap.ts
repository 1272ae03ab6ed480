/** What a module cannot catch. */

/** `(module (func (export "trap") (unreachable)))`, assembled. */
const CODE = 'AGFzbQEAAAABBAFgAAADAgEABwgBBHRyYXAAAAoFAQMAAAs=';

let trap: unknown;

/** What a trap throws: no handler of a module sees it, from wherever it comes. */
export function trapError(): unknown {
  if (trap !== undefined) return trap;
  const module = new runtime.wasm.Module(Uint8Array.fromBase64(CODE));
  const { exports } = new runtime.wasm.Instance(module, {});
  try {
    (exports.trap as () => void)();
  } catch (error) {
    trap = error;
  }
  return trap;
}
