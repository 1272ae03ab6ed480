// @ts-check
// The part of Web Crypto that this version has: digests, computed by the host.
// https://www.w3.org/TR/WebCryptoAPI/#SubtleCrypto-method-digest

defineGlobal(
  'crypto',
  ObjectFreeze({
    subtle: ObjectFreeze({
      /**
       * @param {string | { name: string }} algorithm
       * @param {ArrayBuffer | ArrayBufferView} data
       */
      digest(algorithm, data) {
        if (!(data instanceof NativeArrayBuffer) && !ArrayBufferIsView(data)) {
          return NativePromise.reject(
            new TypeError('crypto.subtle.digest takes an ArrayBuffer or a view of one'),
          );
        }
        const name = typeof algorithm === 'string' ? algorithm : algorithm.name;
        return callHost('$crypto', 'digest', [name], data, (_value, payload) => payloadBytes(payload).buffer);
      },
    }),
  }),
);
