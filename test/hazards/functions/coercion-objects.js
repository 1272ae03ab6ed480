// class: coercion
// tries: to confuse the object store by arguments that are none
// expects: ok
// kills: no
// limits: timeout=20s cpu=1s
// binds: objectstore

import { confuse } from '../shared/odd-arguments.js';

export default {
  message(msg, env, ctx) {
    return confuse(env.STORE, ['get', 'put', 'info', 'list', 'delete', 'link', 'watch']);
  },
};
