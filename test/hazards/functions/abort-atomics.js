// class: abort
// tries: to abort the process by a wait on shared memory
// expects: ok
// kills: no

export default {
  async message(msg, env, ctx) {
    if (typeof Atomics !== 'undefined' || typeof SharedArrayBuffer !== 'undefined')
      return 'shared memory is there';
    return 'contained';
  },
};
