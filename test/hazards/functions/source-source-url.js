// class: source
// tries: to name files of the host by sourceURL and source maps
// expects: ok HS_FUNCTION_THREW
// kills: no
// calls: 2

export default {
  async message(msg, env, ctx) {
    const text = (0, eval)(
      '(() => { try { null.x } catch (error) { return error.stack } })()\n//# sourceURL=file:///etc/passwd\n//# sourceMappingURL=file:///etc/shadow',
    );
    if (/root:/.test(text)) return 'it read a file';
    if (msg.text() === '1')
      (0, eval)(
        'throw new Error("mapped")\n//# sourceURL=node:internal/x\n//# sourceMappingURL=data:application/json,{"version":3,"sources":["/etc/passwd"],"mappings":"AAAA"}',
      );
    return 'contained';
  },
};
