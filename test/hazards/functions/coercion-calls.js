// class: coercion
// tries: to confuse calls of functions by arguments that are none
// expects: ok
// kills: no
// limits: timeout=20s cpu=1s
// binds: call

import { confuse } from '../shared/odd-arguments.js';

export default {
  message(msg, env, ctx) {
    return confuse(ctx, ['call', 'waitUntil']);
  },
};
