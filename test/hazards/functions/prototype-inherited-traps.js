// class: prototype
// tries: to be given what is behind a watched constructor, by traps on Object.prototype
// expects: ok
// kills: no

const NAMES = ['get', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'has', 'ownKeys', 'construct', 'apply'];

export default {
  message() {
    const seen = [];
    for (const name of NAMES) {
      Object.prototype[name] = (...args) => {
        seen.push(...args);
        return undefined;
      };
    }
    try {
      for (const made of [ArrayBuffer, Intl.NumberFormat, Intl.Segmenter]) {
        void made.prototype;
        void Object.getPrototypeOf(made);
        new made();
      }
    } catch {
      // A descriptor with a getter of ours is none.
    }
    for (const name of NAMES) delete Object.prototype[name];
    return seen.some((value) => typeof value === 'function') ? 'it saw a constructor' : 'contained';
  },
};
