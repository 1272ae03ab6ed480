/** One host call that the cell answers itself, and nothing else: a timer that is due at once. */
export default {
  async message(msg) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    return msg.text();
  },
};
