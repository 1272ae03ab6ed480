// class: source
// tries: to run at load what V8 does not interrupt
// expects: HS_FUNCTION_LOAD
// kills: no

const found = Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);

export default { message: () => found };
