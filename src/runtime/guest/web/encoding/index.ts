/** https://encoding.spec.whatwg.org */
export { TextDecoder } from './text-decoder.ts';
export { TextEncoder } from './text-encoder.ts';
