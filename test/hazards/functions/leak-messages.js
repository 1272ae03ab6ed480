// class: leak
// tries: to read the messages of other calls from one that it kept
// expects: ok
// kills: no
// calls: 10

const kept = [];

export default {
  async message(msg, env, ctx) {
    kept.push([msg, ctx, msg.text(), ctx.invocationId]);
    for (const [message, context, text, id] of kept) {
      if (message.text() !== text || context.invocationId !== id) return 'a message changed';
    }
    return 'contained';
  },
};
