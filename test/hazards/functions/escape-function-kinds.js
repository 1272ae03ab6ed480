// class: escape
// tries: to reach the host by the constructors of async and generator functions
// expects: ok
// kills: no

export default {
  async message(msg, env, ctx) {
    const kinds = [async () => {}, function* () {}, async function* () {}, class {}, () => {}];
    for (const kind of kinds) {
      const made = kind.constructor(
        'return typeof process + typeof require + typeof ivm + typeof send + typeof enter',
      )();
      const value = await (made?.next
        ? (made.next().then?.((step) => step.value) ?? made.next().value)
        : made);
      if (typeof value === 'string' && value !== 'undefined'.repeat(5)) return `escaped: ${value}`;
    }
    return 'contained';
  },
};
