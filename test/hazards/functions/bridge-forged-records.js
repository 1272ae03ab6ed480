// class: bridge
// tries: to write records of its own into what the host reads, by bytes whose characters end the text that they are in
// expects: ok
// kills: no
// calls: 4

const record = '",3,"info","forged",0,1,0,0,1,"forged';

/** Looks plain when it is compared, and is something else when it is made a character. */
const slyByte = (code) => {
  let asked = 0;
  return { valueOf: () => (++asked > 2 ? code : 97) };
};

export default {
  message(msg, env, ctx) {
    if (Number(msg.text()) % 2 === 0) {
      const bytes = Object.create(Uint8Array.prototype, { length: { value: record.length } });
      for (let at = 0; at < record.length; at += 1) bytes[at] = slyByte(record.charCodeAt(at));
      ctx.call('nobody', bytes).catch(() => undefined);
      return 'contained';
    }
    for (let at = 0; at < record.length; at += 1)
      Object.defineProperty(Array.prototype, at, {
        configurable: true,
        get: () => record.charCodeAt(at),
        set() {},
      });
    ctx.call('nobody', new Uint8Array(record.length).fill(97)).catch(() => undefined);
    for (let at = 0; at < record.length; at += 1) delete Array.prototype[at];
    return 'contained';
  },
};
