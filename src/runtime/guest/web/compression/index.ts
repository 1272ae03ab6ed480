/** CompressionStream and DecompressionStream. https://compression.spec.whatwg.org */
export { CompressionStream } from './compression-stream.ts';
export { DecompressionStream } from './decompression-stream.ts';
