/** Computes for at least so many milliseconds, by a clock that no thread is asked for. */
export default {
  message(msg, env) {
    for (const endMs = Date.now() + Number(env.SPIN_MS); Date.now() <= endMs; );
    return msg.text();
  },
};
