/** Who answers under load. */
export type LoadTarget =
  | 'echo-floor'
  | 'echo-function'
  | 'bridge-call'
  | 'digest-call'
  | 'kv-floor'
  | 'kv-function'
  | 'wasm-command'
  | 'wasm-reactor'
  | 'wasm-component'
  | 'wasi-node';

/** For people, and what each is compared with, in the order of reports. */
export const TARGETS: Readonly<Record<LoadTarget, { readonly title: string; readonly floor?: LoadTarget }>> =
  {
    'echo-floor': { title: 'bare nats.js echo (floor)' },
    'echo-function': { title: 'echo function', floor: 'echo-floor' },
    'bridge-call': { title: 'function with one host call (a timer of 0 ms)', floor: 'echo-floor' },
    'digest-call': {
      title: 'function with one digest of the payload, made by the host at once',
      floor: 'echo-floor',
    },
    'kv-floor': { title: 'bare nats.js KV get (floor)' },
    'kv-function': { title: 'function with one KV get', floor: 'kv-floor' },
    'wasm-command': { title: 'WebAssembly command, a fresh instance each time', floor: 'echo-floor' },
    'wasm-reactor': { title: 'WebAssembly reactor, a fresh instance each time', floor: 'echo-floor' },
    'wasm-component': { title: 'WebAssembly component, a fresh instance each time', floor: 'echo-floor' },
    'wasi-node': { title: 'the same command by node:wasi, without a host', floor: 'echo-floor' },
  };
