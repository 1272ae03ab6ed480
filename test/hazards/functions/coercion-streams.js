// class: coercion
// tries: to confuse streams by arguments that are none
// expects: ok
// kills: no
// limits: timeout=20s cpu=1s

import { confuse } from '../shared/odd-arguments.js';

export default {
  message(msg, env, ctx) {
    const target = {
      readable: (...args) => new ReadableStream(...args).getReader().closed,
      writable: (...args) => new WritableStream(...args).getWriter().write(args[0]),
      transform: (...args) => new TransformStream(...args).readable.cancel(args[0]),
      clone: structuredClone,
      url: (...args) => new URL(...args),
      pattern: (...args) => new URLPattern(...args),
      blob: (...args) => new Blob(...args).text(),
      request: (...args) => new Request(...args).text(),
      response: (...args) => new Response(...args).json(),
      decode: (...args) => new TextDecoder(...args).decode(args[1]),
    };
    return confuse(target, Object.keys(target));
  },
};
