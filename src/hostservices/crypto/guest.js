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
      async digest(algorithm, data) {
        const name = typeof algorithm === 'string' ? algorithm : algorithm.name;
        if (!(data instanceof NativeArrayBuffer) && !ArrayBufferIsView(data)) {
          throw new TypeError('crypto.subtle.digest takes an ArrayBuffer or a view of one');
        }
        const { payload } = await callHost('$crypto', 'digest', [`${name}`], data);
        return payloadBytes(payload).buffer;
      },
    }),
  }),
);
