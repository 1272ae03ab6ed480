// class: source
// tries: to replace what the runtime looks for after a load
// expects: ok HS_HANDLER_MISSING HS_FUNCTION_LOAD HS_GUEST_TAMPERED
// kills: no

Object.defineProperty(globalThis, '__hairspring_module', {
  configurable: true,
  get: () => ({
    default: {
      message: () => 'contained',
      get fetch() {
        return () => {};
      },
    },
  }),
  set() {},
});

export default { message: () => 'contained' };
