// class: coercion
// tries: to confuse the messaging binding by arguments that are none
// expects: ok
// kills: no
// limits: timeout=20s cpu=1s
// binds: messaging

import { confuse } from '../shared/odd-arguments.js';

export default {
  message(msg, env, ctx) {
    return confuse(env.BUS, ['publish', 'request', 'requestMany', 'publishAcked']);
  },
};
