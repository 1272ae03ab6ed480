// class: flood
// tries: to forge log lines and headers of the feed
// expects: ok
// kills: no
// logs: 6

export default {
  async message(msg, env, ctx) {
    for (const text of ['\r\nNATS/1.0\r\n\r\n', '\u001b[2J\u001b[H', '\0', '\ud800', 'PUB $SYS.x 1\r\nx\r\n'])
      console.error(text);
    console.log({ toJSON: () => '\r\nforged' }, new Error('line\r\nbreak'));
    return 'contained';
  },
};
