/** An algorithm with its parameters: numbers, texts, copies of bytes, keys, and a hash that is one itself. */
export interface Algorithm {
  readonly name: string;
  readonly [parameter: string]: unknown;
}
