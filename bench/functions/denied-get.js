/** One host call that the bridge answers itself: the grant does not cover the key, so nothing leaves the cell. */
export default {
  async message(msg, env) {
    try {
      await env.KV.get('denied');
      return 'the grant has let it through';
    } catch {
      return msg.text();
    }
  },
};
