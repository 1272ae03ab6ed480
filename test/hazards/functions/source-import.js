// class: source
// tries: to import modules at run time
// expects: ok
// kills: no

export default {
  async message(msg, env, ctx) {
    for (const name of [
      'node:fs',
      'fs',
      'file:///etc/passwd',
      'isolated-vm',
      'data:text/javascript,export default 1',
      './x.js',
    ]) {
      try {
        await (0, eval)(`import(${JSON.stringify(name)})`);
        return `it imported ${name}`;
      } catch {}
    }
    return 'contained';
  },
};
