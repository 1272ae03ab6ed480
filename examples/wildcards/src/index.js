/** @satisfies {import('hairspring/guest').Handler} */
const handler = {
  message(msg, _env, ctx) {
    const [kind] = msg.subject.split('.');
    switch (kind) {
      case 'sensors': {
        const celsius = Number(msg.text());
        return { room: msg.params[0], celsius, fahrenheit: (celsius * 9) / 5 + 32 };
      }
      case 'logs':
        return `logged to /${msg.params.path?.replaceAll('.', '/')}`;
      default:
        ctx.log.info(`${msg.params.topic}: ${msg.text()}`);
        return `heard ${msg.params.topic}`;
    }
  },
};

export default handler;
