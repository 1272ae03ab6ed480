export default {
  async message(msg) {
    return msg.text();
  },
};
