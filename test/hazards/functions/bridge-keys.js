// class: bridge
// tries: to leave its bucket by keys
// expects: ok
// kills: no
// binds: kv

export default {
  async message(msg, env, ctx) {
    const keys = [
      '>',
      '*',
      'a.*',
      'a.>',
      '.',
      '..',
      'a..b',
      '.a',
      'a.',
      ' ',
      'a b',
      '\r\n',
      'a\r\nPUB x 0\r\n\r\n',
      '\0',
      '\ud800',
      'ü',
      '$KV.other.k',
      '../other/k',
      '__proto__',
      'k'.repeat(5_000),
      '',
    ];
    for (const key of keys) {
      for (const op of ['get', 'put', 'create', 'delete']) {
        const got = await env.KV[op](key, 'v').catch((error) => error);
        if (!(got instanceof HostError) && got !== null && key !== '__proto__')
          return `${op} took ${JSON.stringify(key)}`;
      }
    }
    return 'contained';
  },
};
