// class: cpu
// tries: to match a pattern for ever
// expects: HS_FUNCTION_CPU HS_FUNCTION_TIMEOUT ok
// kills: no

export default {
  async message(msg, env, ctx) {
    const nested = `${'{'.repeat(5_000)}a${'}'.repeat(5_000)}`;
    for (const pathname of [
      '/(a+)+',
      '/(.*)*',
      nested,
      '/:a'.repeat(50_000),
      '/*'.repeat(200),
      '/((a|a)*)*b',
    ]) {
      try {
        const pattern = new URLPattern({ pathname });
        pattern.exec({ pathname: `/${'a'.repeat(5_000)}!` });
        pattern.test({ pathname: '/a'.repeat(2_000) });
      } catch (error) {
        if (!(error instanceof Error)) return 'what was thrown is no error';
      }
    }
    return 'contained';
  },
};
