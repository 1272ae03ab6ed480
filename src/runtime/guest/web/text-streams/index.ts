/** TextEncoderStream and TextDecoderStream. https://encoding.spec.whatwg.org/#interface-textdecoderstream */
export { TextDecoderStream } from './text-decoder-stream.ts';
export { TextEncoderStream } from './text-encoder-stream.ts';
