// class: escape
// tries: to find names of Node or of a browser
// expects: ok
// kills: no

export default {
  async message(msg, env, ctx) {
    const names = [
      'process',
      'require',
      'module',
      'exports',
      'Buffer',
      'global',
      '__dirname',
      'ivm',
      'Deno',
      'Bun',
      'window',
      'importScripts',
      'XMLHttpRequest',
      'Worker',
    ];
    const found = names.filter(
      (name) => typeof globalThis[name] !== 'undefined' || (0, eval)(`typeof ${name}`) !== 'undefined',
    );
    return found.length === 0 ? 'contained' : found;
  },
};
