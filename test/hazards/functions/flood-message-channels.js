// class: flood
// tries: to keep the thread busy by messages between ports of its own
// expects: HS_FUNCTION_CPU HS_FUNCTION_TIMEOUT HS_FUNCTION_MEMORY ok
// kills: no
// limits: timeout=1s

export default {
  async message(msg, env, ctx) {
    for (let index = 0; index < 5_000; index += 1) {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => {
        port1.postMessage(data);
        port1.postMessage(data);
      };
      port2.onmessage = ({ data }) => port2.postMessage(data);
      port2.postMessage({ index });
    }
    await new Promise(() => {});
  },
};
