// class: flood
// tries: to write hundreds of megabytes as one line of the log, which is an object where a text was expected
// expects: ok HS_FUNCTION_THREW
// kills: no
// limits: memory=512MiB cpu=5s timeout=10s
// calls: 4

const large = { length: 1, toJSON: () => 'x'.repeat(2 ** 28) };

export default {
  message(msg, env, ctx) {
    const { join } = Array.prototype;
    const { replaceAll, slice } = String.prototype;
    Array.prototype.join = () => large;
    console.log('%s', 1, {});
    console.trace();
    Array.prototype.join = join;
    BigInt.prototype.toJSON = large.toJSON;
    String.prototype.slice = () => 1n;
    String.prototype.replaceAll = () => 2n;
    console.groupEnd();
    console.log('a line');
    String.prototype.slice = slice;
    String.prototype.replaceAll = replaceAll;
    return 'contained';
  },
};
