/** One host call that the bridge answers itself: nothing leaves the cell. */
export default {
  async message(msg) {
    await crypto.subtle.digest('SHA-256', msg.data);
    return msg.text();
  },
};
