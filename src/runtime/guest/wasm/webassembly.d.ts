/** What the guest's runtime uses of WebAssembly, which functions do not see. https://webassembly.github.io/spec/js-api/ */
interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
}
