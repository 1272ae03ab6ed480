export default {
  async message(_msg, env) {
    const entry = await env.KV.get('granted.value');
    return entry.value;
  },
};
