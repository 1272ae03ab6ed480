// class: coercion
// tries: to confuse requests by arguments that are none
// expects: ok
// kills: no
// limits: timeout=20s cpu=1s
// binds: http

import { confuse } from '../shared/odd-arguments.js';

export default {
  message(msg, env, ctx) {
    return confuse(env.WEB, ['fetch']);
  },
};
