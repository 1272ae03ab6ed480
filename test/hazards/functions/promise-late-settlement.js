// class: promise
// tries: to answer, log and call after its time was up
// expects: HS_FUNCTION_TIMEOUT
// kills: no
// limits: timeout=200ms
// calls: 3

export default {
  async message(msg, env, ctx) {
    await new Promise((resolve) => setTimeout(resolve, 400));
    console.log('late');
    return 'late';
  },
};
